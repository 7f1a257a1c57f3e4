import type { VariableRequest, VariableView } from '../variable.ts';
import type { Http } from './http.ts';

export interface VariablesClient {
  list(): Promise<readonly VariableView[]>;
  set(name: string, variable: VariableRequest): Promise<VariableView>;
  remove(name: string): Promise<void>;
}

export function variablesClient(http: Http): VariablesClient {
  const path = (name: string): string => `/v1/variables/${encodeURIComponent(name)}`;
  return {
    list: async () => (await http.json<{ variables: VariableView[] }>('/v1/variables')).variables,
    set: (name, json) => http.json(path(name), { method: 'PUT', json }),
    remove: async (name) => {
      await http.raw(path(name), { method: 'DELETE' });
    },
  };
}

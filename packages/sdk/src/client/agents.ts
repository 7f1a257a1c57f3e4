import type { AgentCreated, AgentRequest, AgentView } from '../agent.ts';
import type { Http } from './http.ts';

export interface AgentsClient {
  create(agent: AgentRequest): Promise<AgentCreated>;
  /** Your own. */
  list(): Promise<readonly AgentView[]>;
  remove(id: string): Promise<void>;
}

export function agentsClient(http: Http): AgentsClient {
  return {
    create: (json) => http.json('/v1/agents', { method: 'POST', json }),
    list: async () => (await http.json<{ agents: AgentView[] }>('/v1/agents')).agents,
    remove: async (id) => {
      await http.raw(`/v1/agents/${encodeURIComponent(id)}`, { method: 'DELETE' });
    },
  };
}

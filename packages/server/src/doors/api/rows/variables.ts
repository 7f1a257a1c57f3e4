import { VariableList, VariableRequest, VariableView } from '@switchyard/sdk/variable.ts';
import Type from 'typebox';
import { usualPlaces, type Variable } from '../../../domain/variables.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';

const Named = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

export function variableRows(context: ApiContext): HttpRow[] {
  const { variables } = context.engine;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/variables',
      summary: 'What `{name}` stands for in the commands of render jobs, per platform.',
      right: 'worker:read',
      tags: ['variables'],
      answers: { 200: VariableList },
      handle: () => {
        const set = [...variables.all].map(([name, variable]) => shownVariable(name, variable, false));
        const usual = [...usualPlaces].filter(([name]) => !variables.all.has(name));
        const all = [...set, ...usual.map(([name, variable]) => shownVariable(name, variable, true))];
        return ok({ variables: all.sort((a, b) => (a.name < b.name ? -1 : 1)) });
      },
    }),
    row({
      method: 'PUT',
      path: '/v1/variables/:name',
      summary: 'Sets a variable; tasks that are handed out from now on have the new value.',
      right: 'worker:control',
      tags: ['variables'],
      params: Named,
      body: VariableRequest,
      answers: { 200: VariableView },
      handle: async ({ by, params, body }) => {
        const variable = { direction: body.direction ?? 'oneway', values: body.values } as Variable;
        const { value, refusal } = await variables.set(by, params.name, variable);
        return refusal === undefined ? ok(shownVariable(params.name, value, false)) : refused(refusal);
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/variables/:name',
      summary: 'Removes a variable; its name stays as it is in what is handed out from now on.',
      right: 'worker:control',
      tags: ['variables'],
      params: Named,
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const { refusal } = await variables.remove(by, params.name);
        return refusal === undefined ? done : refused(refusal);
      },
    }),
  ];
}

function shownVariable(name: string, { direction, values }: Variable, usual: boolean): VariableView {
  return { name, direction, values: values.map((one) => ({ ...one, platforms: [...one.platforms] })), usual };
}

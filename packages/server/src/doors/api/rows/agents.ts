import { AgentCreated, AgentList, AgentRequest, type AgentView } from '@switchyard/sdk/agent.ts';
import Type from 'typebox';
import type { Agent } from '../../../auth/agents.ts';
import { refuse } from '../../../domain/errors.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { timeOf } from '../views/time.ts';

const AgentParam = Type.Object({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const off = refuse('unsupported', 'This server takes no agents: the door that they come in by is switched off');

/** Agents of whoever asks: each stands for printers, which are his then. */
export function agentRows(context: ApiContext): HttpRow[] {
  const { agents = null } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'POST',
      path: '/v1/agents',
      summary: 'Makes an agent; its token is for `switchyard printer-agent`.',
      right: 'print',
      tags: ['printers'],
      body: AgentRequest,
      answers: { 201: AgentCreated },
      handle: async ({ by, body }) => {
        if (agents === null) return refused(off.refusal);
        const made = await agents.create(by, { name: body.name, description: body.description ?? '' });
        if (made.refusal !== undefined) return refused(made.refusal);
        const { token, ...agent } = made.value;
        return { status: 201, headers: { 'cache-control': 'no-store' }, body: { ...agentView(agent), token } };
      },
    }),
    row({
      method: 'GET',
      path: '/v1/agents',
      summary: 'Your agents.',
      right: 'print',
      tags: ['printers'],
      answers: { 200: AgentList },
      handle: ({ by }) => ok({ agents: (agents?.list(by.id) ?? []).map(agentView) }),
    }),
    row({
      method: 'DELETE',
      path: '/v1/agents/:id',
      summary: 'Removes an agent with its printers; what they print counts as failed.',
      right: 'print',
      tags: ['printers'],
      params: AgentParam,
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const mine = agents?.get(params.id)?.owner === by.id;
        const gone = mine && (await agents?.remove(by, params.id));
        return gone === true ? done : refused(refuse('not_found', `There is no agent ${params.id}`).refusal);
      },
    }),
  ];
}

const agentView = ({ id, name, description, createdAt }: Agent): AgentView => ({
  ...{ id, name, description },
  createdAt: timeOf(createdAt),
});

import type { Agent } from '../../auth/agents.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Answer, HttpRow, RowRequest } from '../kit/http-row.ts';
import { plainText } from '../kit/plain-text.ts';
import { errorAnswer, spelling } from './codes.ts';
import type { Desk } from './desk.ts';
import { agentDocument } from './documents.ts';
import { AgentBody, reader } from './messages.ts';
import { isJson, readUuid, rowOf } from './row.ts';

const readAgent = reader(AgentBody);
const notFound = errorAnswer(404, 'Agent not found');

/** Agents and their tokens (printerlynx §2.2, §2.3). */
export function agentRows({ agents, limits }: Desk): HttpRow[] {
  const body = { parser: 'json', bodyLimit: limits.bodyBytes } as const;
  const shown = async (agent: Agent) => agentDocument(agent, await agents.tokenOf(agent.id));
  /** Foreign ids answer as unknown ones do. */
  function mine(by: Principal, given: unknown): Agent | null {
    const id = readUuid(given);
    const agent = id === null ? null : agents.get(id);
    return agent?.owner === by.id ? agent : null;
  }

  async function create(request: RowRequest): Promise<Answer> {
    const read = named(request);
    if ('answer' in read) return read.answer;
    const made = await agents.create(request.by, read.value);
    if (made.refusal !== undefined) return spelling.refusal(made.refusal, { path: request.url });
    return { status: 200, body: agentDocument(made.value, made.value.token) };
  }

  async function change(request: RowRequest): Promise<Answer> {
    const agent = mine(request.by, request.params['uuid']);
    if (agent === null) return notFound;
    const read = named(request);
    if ('answer' in read) return read.answer;
    const changed = await agents.change(request.by, agent.id, read.value);
    return changed === null ? notFound : { status: 200, body: await shown(changed) };
  }

  return [
    rowOf({
      method: 'GET',
      path: '/agents',
      summary: 'The agents of the account that asks.',
      right: 'print',
      handle: async ({ by }) => ({ status: 200, body: await Promise.all(agents.list(by.id).map(shown)) }),
    }),
    rowOf({ method: 'POST', path: '/agents', summary: 'Makes an agent.', right: 'print', ...body, handle: create }),
    rowOf({
      method: 'GET',
      path: '/agents/:uuid',
      summary: 'One agent.',
      right: 'print',
      handle: async ({ by, params }) => {
        const agent = mine(by, params['uuid']);
        return agent === null ? notFound : { status: 200, body: await shown(agent) };
      },
    }),
    rowOf({ method: 'PUT', path: '/agents/:uuid', summary: 'Renames an agent.', right: 'print', ...body, handle: change }),
    rowOf({
      method: 'DELETE',
      path: '/agents/:uuid',
      summary: 'Removes an agent; its connection is closed and its prints fail.',
      right: 'print',
      handle: async ({ by, params }) => {
        const agent = mine(by, params['uuid']);
        return agent !== null && (await agents.remove(by, agent.id))
          ? { status: 200, body: 'true', headers: jsonText }
          : notFound;
      },
    }),
  ];
}

/** A bare `true` is JSON too. */
export const jsonText = { 'content-type': 'application/json; charset=utf-8' };

function named(request: RowRequest): { value: { name: string; description: string } } | { answer: Answer } {
  if (!isJson(request)) return { answer: errorAnswer(415, 'Expected a body of type application/json') };
  const read = readAgent(request.body);
  if (read.refusal !== undefined) return { answer: spelling.refusal(read.refusal, { path: request.url }) };
  const [name, description] = [plainText(read.value.name, 255), plainText(read.value.description, 1_000)];
  if (name === '') return { answer: errorAnswer(400, 'Agent name cannot be empty') };
  if (Buffer.byteLength(name) < 3) return { answer: errorAnswer(400, 'Agent name must be at least 3 characters long') };
  return { value: { name, description } };
}

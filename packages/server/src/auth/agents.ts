import { hash } from 'node:crypto';
import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { type Principal, principalWith } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Noter } from './audit-notes.ts';
import { changeRecord } from './change-record.ts';
import type { SealedSecrets } from './sealed-secrets.ts';

/** A program that stands for machines of its owner's (a printer agent). Belongs to the principal who made it. */
export interface Agent {
  /** A UUID. */
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: Millis;
}

export interface NamedAgent {
  readonly name: string;
  readonly description: string;
}

/**
 * Agents and their tokens. A token is a random UUID: kept as a hash to find its agent, and sealed beside it, because owners are
 * shown it again (printerlynx §1.6).
 */
export interface Agents {
  create(by: Principal, what: NamedAgent): Promise<Result<Agent & { readonly token: string }>>;
  /** In the order in which they were made. */
  list(owner: string): readonly Agent[];
  get(id: string): Agent | null;
  /** Rejects where the sealed record was damaged. */
  tokenOf(id: string): Promise<string>;
  change(by: Principal, id: string, what: NamedAgent): Promise<Agent | null>;
  remove(by: Principal, id: string): Promise<boolean>;
  /** Null: unknown. */
  byToken(token: string): Agent | null;
  /** Hears of every agent that is no more, when that has been written down. */
  onRemoved(call: (agent: Agent) => void): () => void;
}

export interface AgentsOptions {
  readonly records: Records;
  readonly secrets: SealedSecrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: Noter;
}

interface Stored extends Agent {
  readonly hash: string;
}

const collection = 'agent';
const mostOfOne = 200;
const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What an agent may do: run tasks of its kind for its owner, and fetch what they need. */
export const agentPrincipal = ({ owner, name }: Agent, kinds: readonly string[]): Principal => ({
  ...principalWith('worker', owner, name),
  kinds,
});

export async function openAgents({ records, secrets, clock, random, note }: AgentsOptions): Promise<Agents> {
  const byId = new Map<string, Stored>();
  const byHash = new Map<string, Stored>();
  const calls = new Set<(agent: Agent) => void>();
  const keep = (agent: Stored): void => {
    byId.set(agent.id, agent);
    byHash.set(agent.hash, agent);
  };
  for (const { value } of await records.list<Stored>(collection)) keep(value);
  const list = (owner: string): Agent[] =>
    [...byId.values()]
      .filter((agent) => agent.owner === owner)
      .sort(byAge)
      .map(shown);

  return {
    list,
    get: (id) => shownOrNull(byId.get(id)),
    byToken: (token) => (form.test(token) ? shownOrNull(byHash.get(digest(token))) : null),
    async create(by, { name, description }) {
      if (list(by.id).length >= mostOfOne) return refuse('too_many', `Nobody has more than ${mostOfOne} agents: delete some`);
      const id = random.uuid();
      const token = random.uuid();
      // The secret first: an agent without one could not be shown.
      await secrets.set(secretOf(id), token);
      const agent = { id, owner: by.id, name, description, createdAt: clock.now(), hash: digest(token) };
      const { ok } = await records.put(collection, id, agent, null);
      if (!ok) throw new Error('a fresh agent was there already');
      keep(agent);
      note({ by, command: 'createAgent', subject: `agent ${id}`, refusal: null });
      return { value: { ...shown(agent), token } };
    },
    async tokenOf(id) {
      const token = await secrets.get(secretOf(id));
      if (token === null) throw new Error(`the token of agent ${id} is lost: delete the agent and make another`);
      return token;
    },
    async change(by, id, what) {
      const changed = await changeRecord<Stored>(records, collection, id, (agent) => ({ ...agent, ...what }));
      if (changed === null) return null;
      keep(changed.value);
      note({ by, command: 'changeAgent', subject: `agent ${id}`, refusal: null });
      return shown(changed.value);
    },
    async remove(by, id) {
      const agent = byId.get(id);
      if (agent === undefined || !(await records.delete(collection, id))) return false;
      byId.delete(id);
      byHash.delete(agent.hash);
      await secrets.delete(secretOf(id));
      note({ by, command: 'deleteAgent', subject: `agent ${id}`, refusal: null });
      for (const call of [...calls]) call(shown(agent));
      return true;
    },
    onRemoved(call) {
      calls.add(call);
      return () => void calls.delete(call);
    },
  };
}

const secretOf = (id: string): string => `agent.${id}`;
/** A plain hash is enough: nobody guesses 122 random bits. */
const digest = (token: string): string => hash('sha256', token, 'base64url');
const byAge = (a: Agent, b: Agent): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
const shown = ({ hash: _, ...agent }: Stored): Agent => agent;
const shownOrNull = (agent: Stored | undefined): Agent | null => (agent === undefined ? null : shown(agent));

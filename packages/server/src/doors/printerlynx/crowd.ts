import type { Agent } from '../../auth/agents.ts';
import { wsFrame } from '../kit/ws-frame.ts';
import type { AgentLink } from './agent-link.ts';
import type { Printer } from './printer.ts';
import { agentStatus, printerStatus } from './pushes.ts';
import type { UserLink } from './user-link.ts';
import { type Dialect, type Frame, frameText } from './wire.ts';

/** Who is here: users by owner, agents by their id; and what users are told unasked. */
export class Crowd {
  readonly #users = new Map<string, Set<UserLink>>();
  readonly #agents = new Map<string, AgentLink>();

  get users(): number {
    return [...this.#users.values()].reduce((sum, links) => sum + links.size, 0);
  }

  get agents(): number {
    return this.#agents.size;
  }

  isOnline(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /** The one that was here before, where there was one. */
  addAgent(link: AgentLink, { id }: Agent): AgentLink | null {
    const before = this.#agents.get(id) ?? null;
    this.#agents.set(id, link);
    return before;
  }

  /** False: another connection of the agent has taken its place. */
  removeAgent(link: AgentLink): boolean {
    const id = link.agent?.id;
    return id !== undefined && this.#agents.get(id) === link && this.#agents.delete(id);
  }

  agent(id: string): AgentLink | null {
    return this.#agents.get(id) ?? null;
  }

  addUser(link: UserLink): void {
    const owner = link.identity?.principal.id ?? '';
    const links = this.#users.get(owner) ?? new Set();
    this.#users.set(owner, links.add(link));
  }

  removeUser(link: UserLink): void {
    const owner = link.identity?.principal.id ?? '';
    const links = this.#users.get(owner);
    links?.delete(link);
    if (links?.size === 0) this.#users.delete(owner);
  }

  usersOf(owner: string): readonly UserLink[] {
    return [...(this.#users.get(owner) ?? [])];
  }

  /** How everything of its owner is, to one who has just come (printerlynx §5.1). */
  snapshot(link: UserLink, agents: readonly Agent[], printers: readonly Printer[]): void {
    const say = (key: string, frame: Frame): void => link.tell(key, new Frames().of(link.dialect, frame));
    for (const agent of agents) say(agentKey(agent.id), agentStatus(agent, this.isOnline(agent.id)));
    for (const printer of printers) say(printerKey(printer), printerStatus(printer));
  }

  agentMoved(agent: Agent, online: boolean): void {
    this.#say(agent.owner, agentKey(agent.id), agentStatus(agent, online));
  }

  printerMoved(printer: Printer): void {
    const links = this.#users.get(printer.facts.owner);
    if (links === undefined) return;
    this.#say(printer.facts.owner, printerKey(printer), printerStatus(printer));
  }

  #say(owner: string, key: string, frame: Frame): void {
    const frames = new Frames();
    for (const link of this.#users.get(owner) ?? []) link.tell(key, frames.of(link.dialect, frame));
  }
}

const agentKey = (id: string): string => `agent ${id}`;
const printerKey = ({ facts }: Printer): string => `printer ${facts.uuid}`;

/** One frame of each dialect, made once for all who hear it. */
class Frames {
  readonly #made = new Map<Dialect, Buffer>();

  of(dialect: Dialect, frame: Frame): Buffer {
    const known = this.#made.get(dialect);
    if (known !== undefined) return known;
    const made = wsFrame('text', frameText(dialect, frame));
    this.#made.set(dialect, made);
    return made;
  }
}

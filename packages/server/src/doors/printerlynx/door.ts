import type { Accounts } from '../../auth/accounts.ts';
import type { Agent, Agents } from '../../auth/agents.ts';
import type { Ended } from '../../auth/endings.ts';
import type { PrincipalNow } from '../../auth/principal-now.ts';
import { may } from '../../domain/principal.ts';
import type { Door, DoorDeps, DoorStatus, OwnPort } from '../kit/door.ts';
import type { FirstFrames } from '../kit/first-frames.ts';
import { ownPortText } from '../kit/own-port-text.ts';
import { AgentLink } from './agent-link.ts';
import { Crowd } from './crowd.ts';
import { type Desk, doorPrincipal } from './desk.ts';
import { agentFileRows } from './file-rows.ts';
import { gateOf } from './gate.ts';
import { jobIdsOf } from './job-id.ts';
import { type PrinterlynxLimits, printerlynxLimits } from './limits.ts';
import { recordOf } from './report.ts';
import { Shop } from './shop.ts';
import { printerlynxTable } from './table.ts';
import type { Accepted } from './talk.ts';
import { upgradeRows } from './upgrade.ts';
import { userActions } from './user-actions.ts';
import { UserLink } from './user-link.ts';

export interface PrinterlynxOptions {
  /** Its own port beside the shared one; null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  readonly limits?: Partial<PrinterlynxLimits>;
}

export interface PrinterlynxDeps extends DoorDeps, Pick<Desk, 'compile'> {
  /** Eight hex digits of this installation, see `job-id.ts`. */
  readonly mark: string;
  readonly accounts: Accounts;
  readonly agents: Agents;
  /** Agents work for their owners: with the rights that these have when they come. */
  readonly principalNow: PrincipalNow;
  /** Hears of sessions that end before their time. */
  readonly onEnded: (call: (ended: Ended) => void) => () => void;
  /** `/ws` is another door's too: who comes there is known by what it says first. */
  readonly firstFrames: FirstFrames;
}

/** Printerlynx front ends and printer agents: accounts, print files and printers over REST and two sockets. */
export function createPrinterlynxDoor(deps: PrinterlynxDeps, options: PrinterlynxOptions): Door {
  const limits = { ...printerlynxLimits, ...options.limits };
  const { engine, accounts, agents, clock, random, log, auth, compile } = deps;
  async function mayPrint(owner: string): Promise<boolean> {
    const by = await deps.principalNow(owner);
    return by !== null && may(by, 'print');
  }
  async function agentBy(token: string): Promise<Agent | null> {
    const agent = agents.byToken(token);
    return agent !== null && (await mayPrint(agent.owner)) ? agent : null;
  }
  const desk: Desk = {
    ...{ engine, accounts, agents, agentBy, clock, random, log, limits, compile, by: doorPrincipal },
    jobIds: jobIdsOf(deps.mark),
    stop: async (task, goal) => {
      await engine.command(doorPrincipal, 'stop', { task, goal, reason: 'user', kill: true });
    },
  };
  const crowd = new Crowd();
  const shop = new Shop(desk, (printer) => crowd.printerMoved(printer));
  const actions = userActions(desk, shop, (agent) => crowd.isOnline(agent));
  /** Users and agents, known or not. */
  const links = new Set<UserLink | AgentLink>();
  const shared = {
    desk,
    failed: (address: string): boolean => {
      auth.failed(address);
      return auth.throttled(address);
    },
  };
  let closing = false;

  function welcomeUser(accepted: Accepted): UserLink {
    const link = new UserLink(accepted, {
      ...{ ...shared, actions },
      known: (user) => {
        crowd.addUser(user);
        const owner = user.identity?.principal.id ?? '';
        crowd.snapshot(user, agents.list(owner), shop.ofOwner(owner));
      },
      gone: (user) => {
        links.delete(user);
        crowd.removeUser(user);
      },
    });
    links.add(link);
    return link;
  }

  function welcomeAgent(accepted: Accepted): void {
    const link = new AgentLink(accepted, {
      ...{ ...shared, shop },
      known: (one) => {
        const { agent } = one;
        if (agent === null) return;
        // The newest wins, and its owner sees no flicker (printerlynx §5.1).
        const before = crowd.addAgent(one, agent);
        if (before === null) return crowd.agentMoved(agent, true);
        one.inherit(before);
        before.close(4409, 'Replaced by a newer connection');
      },
      gone: (one) => {
        links.delete(one);
        if (crowd.removeAgent(one) && one.agent !== null && !closing) crowd.agentMoved(one.agent, false);
      },
    });
    links.add(link);
  }

  /** One who is gone leaves no agents behind that work on, nor files, whoever has deleted the account. */
  async function settleEnd({ principal, session }: Ended, meant: readonly UserLink[]): Promise<void> {
    const gone = session === null && (await isGone(accounts, principal));
    for (const link of meant) {
      if (gone) link.close(4410, 'The account was deleted');
      else link.close(4401, 'This token has ended');
    }
    if (!gone) {
      // It may come back: its agents stay, and have nothing to say until then.
      if (session !== null || (await mayPrint(principal))) return;
      for (const { id } of agents.list(principal)) crowd.agent(id)?.close(4401, 'Its owner may not print');
      return;
    }
    for (const { id } of agents.list(principal)) await agents.remove(doorPrincipal, id);
    await engine.library.removeAll(principal);
  }

  deps.firstFrames.add({
    claims: isOurs,
    take: ({ websocket, stream, address, text }) => welcomeUser({ websocket, stream, address }).begin(text),
  });
  const stops = [
    agents.onRemoved(({ id }) => {
      crowd.agent(id)?.close(4410, 'The agent was deleted');
      shop.forget(id).catch((error: unknown) => log.error({ event: 'printerlynx.forget', err: error }));
    }),
    deps.onEnded((ended) => {
      const meant = crowd.usersOf(ended.principal).filter((link) => isMeant(link, ended));
      settleEnd(ended, meant).catch((error: unknown) => log.error({ event: 'printerlynx.ended', err: error }));
    }),
  ];

  return {
    name: 'printerlynx',
    title: 'Printerlynx front ends and printer agents',
    rows: printerlynxTable({ ...desk, shop }),
    dialect: gateOf({ accounts, agentBy, auth }, agentFileRows),
    upgrades: upgradeRows({ limits, open: () => links.size, user: welcomeUser, agent: welcomeAgent }),
    raw: null,
    ports: ownPorts(options),
    opens: [],
    start: () => shop.open(),
    close: async () => {
      if (closing) return;
      closing = true;
      for (const stop of stops) stop();
      for (const link of [...links]) link.close(1001, 'The server is stopping');
      shop.close();
    },
    status: () => statusOf(options, { users: crowd.users, agents: crowd.agents, printers: shop.count, sockets: links.size }),
  };
}

const ownWords = new Set(['authentication', 'print_job', 'printer_command']);

/** DESIGN section 6: an object with `message_type`, or one of our own types. */
function isOurs(value: unknown): boolean {
  const frame = recordOf(value);
  if (frame === null) return false;
  return 'message_type' in frame || (typeof frame['type'] === 'string' && ownWords.has(frame['type']));
}

function isMeant({ identity }: UserLink, { session, except }: Ended): boolean {
  const id = identity?.session.id;
  return session === null ? id !== except : id === session;
}

async function isGone(accounts: Accounts, principal: string): Promise<boolean> {
  const [sort, id] = principal.split(':');
  return sort === 'user' && id !== undefined && (await accounts.get(id)) === null;
}

const ownPorts = ({ port, hosts }: PrinterlynxOptions): OwnPort[] => (port === null ? [] : [{ port, hosts, serves: 'http' }]);

function statusOf(
  { port, hosts }: PrinterlynxOptions,
  { sockets, ...figures }: { users: number; agents: number; printers: number; sockets: number },
): DoorStatus {
  const own = port === null ? '; it is built for port 3000: --printerlynx-port 3000' : `, or of ${ownPortText(port, hosts)}`;
  return {
    connections: sockets,
    notes: [
      `the front end connects to the address of the shared port${own}`,
      'agents: switchyard printer-agent --server URL --token-file F, with a token from the front end’s agents page',
    ],
    figures,
  };
}

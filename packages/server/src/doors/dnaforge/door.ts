import { kindPool } from '../../domain/rows.ts';
import type { Door, DoorDeps, DoorStatus, OwnPort } from '../kit/door.ts';
import { ownPortText } from '../kit/own-port-text.ts';
import { Board } from './board.ts';
import { Crowd } from './crowd.ts';
import { configuration, type Desk, doorPrincipal, type StagePolicy } from './desk.ts';
import { Gate } from './gate.ts';
import { type DnaforgeLimits, dnaforgeLimits } from './limits.ts';
import { Link } from './link.ts';
import { originRule, usualOrigins } from './origins.ts';
import { wireId } from './sim-job.ts';
import { Subscriptions } from './subscriptions.ts';
import { rows, type TableOptions } from './table.ts';
import { upgradeRow } from './upgrade.ts';

export interface DnaforgeOptions {
  /** Its own port beside the shared one; null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  /** Null: any token, or none, is taken. */
  readonly accessToken: string | null;
  /** Without an access token: whether clients of other machines may come in. */
  readonly open: boolean;
  readonly origins: readonly string[];
  /** Simulations at once, over the whole fleet; null: as many as it has room for. */
  readonly parallelJobs: number | null;
  readonly authResponse: TableOptions['authResponse'];
  readonly policy: StagePolicy;
  readonly limits?: Partial<DnaforgeLimits>;
}

export const dnaforgeDefaults: DnaforgeOptions = {
  port: null,
  hosts: ['127.0.0.1'],
  accessToken: null,
  open: false,
  origins: usualOrigins,
  parallelJobs: null,
  authResponse: 'text',
  policy: { cuda: false, silenceMs: 86_400_000 },
};

export interface DnaforgeDeps
  extends DoorDeps,
    Pick<Desk, 'compile' | 'visitors'>,
    Pick<TableOptions, 'available' | 'defaults'> {}

/** The DNAforge web editor: simulations over HTTP, their progress and structures over a socket at `/`. */
export function createDnaforgeDoor(deps: DnaforgeDeps, options: DnaforgeOptions): Door {
  const limits = { ...dnaforgeLimits, ...options.limits };
  const { engine, clock, log, visitors, compile } = deps;
  const crowd = new Crowd();
  const subscriptions = new Subscriptions({
    ...{ engine, clock, by: doorPrincipal, updateMs: limits.updateMs },
    say: (sim, structure) => crowd.structure(wireId(sim.id), sim, structure, (link) => subscriptions.watches(link, sim.id)),
  });
  const board = new Board({
    ...{ engine, clock, log, by: doorPrincipal, limits },
    hear: {
      state: (sim) => {
        crowd.state(wireId(sim.id), sim);
        subscriptions.moved(sim);
      },
      progress: (sim) => crowd.progress(wireId(sim.id), sim, (link) => subscriptions.watches(link, sim.id)),
      deleted: (id) => {
        crowd.state(wireId(id), null);
        subscriptions.deleted(id);
      },
      stageDone: (sim, stage) => subscriptions.stageDone(sim, stage),
    },
  });
  const desk: Desk = { engine, clock, log, limits, visitors, board, crowd, subscriptions, compile, policy: options.policy };
  const origins = originRule(options.origins);
  const gate = new Gate({ accessToken: options.accessToken, open: options.open, origins }, deps.auth);
  const links = new Set<Link>();
  /** Those who have not shown a token, in the order in which they came. */
  const strangers = new Set<Link>();
  visitors.onEnded(({ id }) => subscriptions.end(id));
  let closing = false;

  function welcome(link: Link): void {
    links.add(link);
    strangers.add(link);
    if (strangers.size <= limits.strangers) return;
    for (const oldest of strangers) {
      oldest.cut();
      return;
    }
  }

  const upgrade = upgradeRow({
    gate,
    limits,
    accept: (accepted) =>
      welcome(
        new Link(accepted, {
          desk,
          known: (link) => {
            strangers.delete(link);
            crowd.add(link);
          },
          gone: (link) => {
            links.delete(link);
            strangers.delete(link);
            crowd.remove(link);
          },
        }),
      ),
  });

  return {
    name: 'dnaforge',
    title: 'DNAforge web editor: simulations with oxDNA',
    rows: rows(desk, { origins, available: deps.available, defaults: deps.defaults, authResponse: options.authResponse }),
    dialect: gate.dialect(desk),
    upgrades: [upgrade],
    raw: null,
    ports: ownPorts(options),
    opens: [
      {
        name: 'dnaforge',
        text: 'anybody may simulate, and see and delete all simulations',
        shut: options.accessToken === null ? null : 'dnaforge.access-token is asked for',
      },
    ],
    start: async () => {
      const { parallelJobs } = options;
      if (parallelJobs !== null) await engine.command(configuration, 'setPool', { name: kindPool('oxdna'), total: parallelJobs });
    },
    close: async () => {
      if (closing) return;
      closing = true;
      for (const link of links) link.close(1001, 'The server is stopping');
      subscriptions.close();
      board.close();
      await visitors.close();
    },
    status: () => statusOf(options, { sockets: links.size, strangers: strangers.size, tokens: visitors.count }),
  };
}

const ownPorts = ({ port, hosts }: DnaforgeOptions): OwnPort[] => (port === null ? [] : [{ port, hosts, serves: 'http' }]);

function statusOf(
  { port, hosts, accessToken }: DnaforgeOptions,
  figures: { sockets: number; strangers: number; tokens: number },
): DoorStatus {
  const own = port === null ? '' : `, or of ${ownPortText(port, hosts)}`;
  return {
    connections: figures.sockets,
    notes: [
      `in DNAforge, connect to the address of the shared port${own}`,
      accessToken === null ? 'no access token is asked for' : 'the access token is in the option dnaforge.access-token',
    ],
    figures: { unauthenticated_sockets: figures.strangers, client_tokens: figures.tokens },
  };
}

import type { Door, DoorDeps, DoorStatus } from '../kit/door.ts';
import { DoorLife } from '../kit/door-life.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import { ownPortText } from '../kit/own-port-text.ts';
import type { Desk, FlamencoSettings } from './desk.ts';
import { flamencoDialect, spelling } from './dialect.ts';
import { Fleet } from './fleet.ts';
import { type FlamencoLimits, flamencoLimits } from './limits.ts';
import { Ssdp, type SsdpOptions } from './ssdp.ts';
import { type FlamencoRow, flamencoTable } from './table.ts';
import { tidy } from './twins.ts';
import { UpdateGate } from './update-gate.ts';
import { userHandlers } from './user-handlers.ts';
import { workerHandlers } from './worker-handlers.ts';

export interface FlamencoOptions extends FlamencoSettings {
  /** Its own port beside the shared one; null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  /** Null: workers must be told where the server is. */
  readonly ssdp: Pick<SsdpOptions, 'hosts' | 'httpPort' | 'uuid' | 'port' | 'interfaces'> | null;
  readonly limits?: Partial<FlamencoLimits>;
}

/** Flamenco 2 workers, and what people's scripts ask a Flamenco manager. */
export function createFlamencoDoor(deps: DoorDeps, options: FlamencoOptions): Door {
  const { clock, log } = deps;
  const limits: FlamencoLimits = { ...flamencoLimits, ...options.limits };
  const fleet = new Fleet({ engine: deps.engine, clock, remembered: limits.remembered });
  const life = new DoorLife(limits.watchers);
  const desk: Desk = { ...deps, settings: options, limits, fleet, life, updateGate: new UpdateGate(limits.updatesBytes) };
  const refused = (refusal: Parameters<typeof spelling.refusal>[0]) => spelling.refusal(refusal, { path: '/' });
  const workers = workerHandlers(desk, ({ refusal }) => refused(refusal));
  const rows = flamencoTable(workers, userHandlers(desk, refused), limits);
  const ssdp = options.ssdp === null ? null : new Ssdp({ ...options.ssdp, clock, log });
  let stopTidying = (): void => {};
  let closing: Promise<void> | null = null;

  return {
    name: 'flamenco',
    title: 'Flamenco 2 render workers',
    rows,
    dialect: flamencoDialect({ ...desk, loginOf: (row) => (row as FlamencoRow).login }),
    upgrades: [],
    raw: null,
    ports: options.port === null ? [] : [{ port: options.port, hosts: options.hosts, serves: 'http' }],
    // Without a registration secret strangers may register, but get nothing before they are approved.
    opens: [],
    start: async () => {
      await fleet.open();
      await ssdp?.start();
      stopTidying = startHeartbeat(clock, limits.twinMs, () => {
        tidy(desk).catch((error: unknown) => log.error({ event: 'flamenco.tidy-failed', err: error }));
      });
    },
    close: () => {
      closing ??= (async () => {
        stopTidying();
        life.close();
        await ssdp?.close();
        fleet.close();
      })();
      return closing;
    },
    status: () => statusOf(desk, options),
  };
}

function statusOf({ fleet, life }: Desk, { port, hosts, registrationSecret, trusted, ssdp }: FlamencoOptions): DoorStatus {
  let online = 0;
  let pending = 0;
  for (const { status } of fleet.all()) {
    if (status === 'online') online++;
    if (status === 'pending') pending++;
  }
  const where = port === null ? 'the shared port' : `${ownPortText(port, hosts)} and the shared port`;
  const who =
    registrationSecret !== null
      ? 'they need the registration secret'
      : `those of ${trusted.join(', ') || 'nowhere'} are let in, others wait for approval (switchyard workers approve)`;
  return {
    connections: life.open,
    notes: [
      `Flamenco workers: manager_url is the address of this server (${where})${ssdp === null ? '' : ', or empty: they find it'}`,
      who,
      ...(pending > 0 ? [`${pending} workers wait for approval`] : []),
    ],
    figures: { workers_online: online, workers_pending: pending },
  };
}

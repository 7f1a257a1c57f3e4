import type { Socket } from 'node:net';
import { BlockList, isIPv6 } from 'node:net';
import { kindPool } from '../../domain/rows.ts';
import type { Timer } from '../../ports/clock.ts';
import { ConnectionCaps } from '../kit/connection-caps.ts';
import type { Door, DoorDeps } from '../kit/door.ts';
import { kitLimits } from '../kit/limits.ts';
import { ownPortText } from '../kit/own-port-text.ts';
import { cleanUp } from './client/clean-jobs.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Desk } from './desk.ts';
import { type KueueLimits, kueueLimits } from './limits.ts';
import { configuration, trusted } from './principals.ts';
import { secretFault } from './proof.ts';

export interface KueueOptions {
  /** `shared_secret` of the Kueue programs. An empty or template-looking one stops the start. */
  readonly secret: string;
  /** Where the secret can be read, for people: a file's name. */
  readonly secretPlace: string;
  /** Its own port beside the shared one (kueue §1: 11236); null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  readonly workerTimeoutMs: number;
  readonly offerTimeoutMs: number;
  /** Slots of all shell tasks at once, over the whole fleet; null: left as it is. */
  readonly globalMaxParallelJobs: number | null;
  /** Pools to make or resize at start. */
  readonly globalResources: Readonly<Record<string, number>>;
  /** One-task shell jobs that ended longer ago are removed; null: never. */
  readonly cleanupAfterMinutes: number | null;
  readonly maintenanceMs: number;
  /**
   * Addresses and networks (`10.0.0.0/8`) from which jobs, outputs and workers may be read without the secret, as the real
   * clients do; null: from everywhere.
   */
  readonly readsFrom: readonly string[] | null;
  readonly limits?: Partial<KueueLimits>;
}

export const kueueDefaults = {
  port: 11_236,
  workerTimeoutMs: 300_000,
  offerTimeoutMs: 60_000,
  maintenanceMs: 60_000,
  readsFrom: ['127.0.0.0/8', '::1'],
} as const;

/** Kueue's clients and workers over raw TCP, on a port of their own and on the shared one. */
export function createKueueDoor(deps: DoorDeps, options: KueueOptions): Door {
  const wrong = secretFault(options.secret);
  if (wrong !== null) throw new Error(wrong);
  return new KueueDoor(deps, options);
}

class KueueDoor implements Door {
  readonly name = 'kueue';
  readonly title = 'Kueue command line and workers';
  readonly rows = [];
  readonly upgrades = [];
  readonly opens = [
    { name: 'kueue-reads', text: 'jobs, their outputs and workers are shown to Kueue clients without the secret' },
  ];
  readonly raw = { firstBytes: '"{', accept: (socket: Socket, first: Buffer): void => this.#accept(socket, first) };
  readonly ports: Door['ports'];
  readonly #desk: Desk;
  readonly #options: KueueOptions;
  readonly #caps: ConnectionCaps;
  readonly #connections = new Set<Connection>();
  #maintenance: Timer | null = null;
  #closing: Promise<void> | null = null;

  constructor({ engine, clock, random, log }: DoorDeps, options: KueueOptions) {
    const limits = { ...kueueLimits, ...options.limits };
    this.#options = options;
    this.#desk = {
      engine,
      clock,
      random,
      log,
      limits,
      secret: options.secret,
      workerTimeoutMs: options.workerTimeoutMs,
      offerMs: options.offerTimeoutMs,
      live: new Map(),
      mayRead: readersOf(options.readsFrom),
    };
    this.#caps = new ConnectionCaps({ perAddress: limits.connectionsPerAddress, total: limits.connections });
    this.ports = options.port === null ? [] : [{ port: options.port, hosts: options.hosts, serves: 'raw' }];
  }

  async start(): Promise<void> {
    const { globalMaxParallelJobs: slots, globalResources } = this.#options;
    const pools = Object.entries(globalResources);
    if (slots !== null) pools.push([kindPool('shell'), slots]);
    for (const [name, total] of pools) await this.#desk.engine.command(configuration, 'setPool', { name, total });
    this.#armMaintenance();
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  status(): { connections: number; notes: readonly string[] } {
    const { port, hosts, secretPlace } = this.#options;
    const where = port === null ? 'the shared port' : `${ownPortText(port, hosts)} and the shared port`;
    return {
      connections: this.#caps.count,
      notes: [
        `Kueue clients and workers connect to ${where}`,
        `shared_secret in ~/.config/kueue/config.toml must be the one in ${secretPlace}`,
      ],
    };
  }

  async #closeOnce(): Promise<void> {
    this.#maintenance?.cancel();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  #accept(socket: Socket, first: Buffer): void {
    if (this.#closing !== null) {
      socket.destroy();
      return;
    }
    const { limits, clock } = this.#desk;
    // One message may be as large as it likes; what piles up behind it may not (`unsentBytes`).
    const sendBytes = limits.trustedMessageBytes * 2 + limits.unsentBytes;
    const raw = {
      clock,
      caps: this.#caps,
      limits: { firstMessageMs: limits.helloMs, sendBytes, goodByeMs: kitLimits.goodByeMs },
    };
    const connection = openConnection(socket, first, this.#desk, raw, () => {
      if (connection !== null) this.#connections.delete(connection);
    });
    if (connection !== null) this.#connections.add(connection);
  }

  #armMaintenance(): void {
    const { cleanupAfterMinutes, maintenanceMs } = this.#options;
    if (cleanupAfterMinutes === null || cleanupAfterMinutes === 0) return;
    const { clock, log, engine } = this.#desk;
    this.#maintenance = clock.after(maintenanceMs, () => {
      void cleanUp(engine, trusted, ['succeeded', 'canceled', 'failed'], clock.now() - cleanupAfterMinutes * 60_000)
        .then((cleaned) => {
          if ('count' in cleaned && cleaned.count > 0) log.info({ jobs: cleaned.count }, 'kueue:cleaned');
        })
        .finally(() => {
          if (this.#closing === null) this.#armMaintenance();
        });
    });
  }
}

function readersOf(readsFrom: readonly string[] | null): (address: string) => boolean {
  if (readsFrom === null) return () => true;
  const list = new BlockList();
  for (const entry of readsFrom) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

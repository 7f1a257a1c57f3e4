import { openDoorTokens } from '../../../src/auth/door-tokens.ts';
import type { Visitor } from '../../../src/doors/dnaforge/desk.ts';
import { createDnaforgeDoor, type DnaforgeOptions, dnaforgeDefaults } from '../../../src/doors/dnaforge/door.ts';
import { type DnaforgeLimits, dnaforgeLimits } from '../../../src/doors/dnaforge/limits.ts';
import type { Authenticator, Door } from '../../../src/doors/kit/door.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { compile } from '../../../src/kinds/index.ts';
import { availableOptions } from '../../../src/kinds/oxdna/available.ts';
import { defaultStages } from '../../../src/kinds/oxdna/defaults.ts';
import { openYard, type Yard } from '../../engine/lib/yard.ts';
import type { FakeClock } from '../../lib/fake-clock.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { until } from '../../lib/until.ts';

export interface Place extends AsyncDisposable {
  readonly yard: Yard;
  readonly clock: FakeClock;
  readonly port: number;
  readonly door: Door;
  readonly lines: readonly LogLine[];
  readonly failures: readonly string[];
  connections(): number;
  /** Door and engine anew over the same store, on another port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  readonly door?: Partial<DnaforgeOptions>;
  readonly limits?: Partial<DnaforgeLimits>;
  readonly graceMs?: number;
  readonly mostTokens?: number;
  /** Puts something between the door and the engine. */
  readonly around?: (engine: Engine) => Engine;
  readonly others?: readonly Door[];
}

/** The door on a real socket, over the real engine with its store in memory; the clock is the test's. */
export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const yard = await openYard();
  const { clock } = yard;
  const { log, lines } = keptLog();
  const failures: string[] = [];
  const auth = {
    token: async () => null,
    throttled: () => failures.length >= 10,
    failed: (remote: string) => void failures.push(remote),
  } as unknown as Authenticator;
  let seed = 3;

  async function start(): Promise<{ door: Door; listener: Listener }> {
    const visitors = await openDoorTokens<Visitor['facts']>({
      ...{ records: yard.store.records, clock, random: createSeededRandom(seed++), collection: 'dnaforge-token' },
      graceMs: options.graceMs ?? 900_000,
      most: options.mostTokens ?? dnaforgeLimits.tokens,
      onError: (cause) => log.error({ err: String(cause) }, 'tokens'),
    });
    const engine = options.around?.(yard.engine) ?? yard.engine;
    const random = createSeededRandom(4);
    const stages = { available: availableOptions, defaults: defaultStages };
    const door = createDnaforgeDoor(
      { engine, auth, clock, random, log, compile, visitors, ...stages },
      { ...dnaforgeDefaults, ...options.door, limits: options.limits ?? {} },
    );
    const doors = [door, ...(options.others ?? [])];
    return { door, listener: await openListener({ doors, hosts: ['127.0.0.1'], port: 0, checkAnswers: true }, { clock, log }) };
  }

  let running = await start();
  let closing: Promise<void> | null = null;

  async function stop(): Promise<void> {
    const { listener } = running;
    let closed = false;
    const done = listener.close().then(() => (closed = true));
    // What does not end by itself is cut off in time.
    await until(() => closed || listener.connections() === 0 || clock.pending > 0);
    await clock.advance(60_000);
    await done;
  }

  async function shut(): Promise<void> {
    await stop();
    await yard.close();
  }

  const place: Place = {
    yard,
    clock,
    lines,
    failures,
    get port() {
      return running.listener.port;
    },
    get door() {
      return running.door;
    },
    connections: () => running.listener.connections(),
    async restart() {
      await stop();
      await yard.restart();
      running = await start();
    },
    close: () => {
      closing ??= shut();
      return closing;
    },
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}

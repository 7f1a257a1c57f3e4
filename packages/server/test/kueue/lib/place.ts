import { join } from 'node:path';
import { createMemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { type Principal, roles } from '../../../src/domain/principal.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import { createKueueDoor, type KueueOptions, kueueDefaults } from '../../../src/doors/kueue/door.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { procedures } from '../../../src/engine/procedures/index.ts';
import { openBlobs } from '../../../src/files/blobs.ts';
import { openLogFiles } from '../../../src/files/log-files.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/open.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { tempDir } from '../../lib/temp-dir.ts';

export const secret = 'correct horse battery staple';
export const admin: Principal = { ...roles.admin, id: 'token:1', name: 'admin', kinds: null };

/** A server with the Kueue door over a real inline store, real files and sockets, and (by default) a clock that the test turns. */
export interface Place extends AsyncDisposable {
  readonly engine: Engine;
  readonly store: SqliteStore;
  readonly clock: FakeClock;
  readonly listener: Listener;
  /** Shared port. */
  readonly port: number;
  /** The door's own. */
  readonly ownPort: number;
  readonly lines: LogLine[];
  readonly folder: string;
  /** Stops door and engine in order and starts them anew over the same store. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions extends Partial<KueueOptions> {
  readonly realClock?: Clock;
  /** Keeps the store in a file of the place's folder. */
  readonly onDisk?: boolean;
  readonly logCapBytes?: number;
  readonly hosts?: readonly string[];
}

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const dir = await tempDir();
  const clock = createFakeClock();
  const time = options.realClock ?? clock;
  const random = createSeededRandom('engine');
  // Its own, so that the salts of a transcript do not depend on what the engine does.
  const doorRandom = createSeededRandom('kueue');
  const { log, lines } = keptLog();
  const file = options.onDisk ? join(dir.path, 'store.db') : ':memory:';
  const store = await openSqliteStore({ file, mode: 'inline', procedures });
  const bus = createMemoryBus({ clock: time, onError: (cause) => log.error({ err: String(cause) }, 'bus') });
  const blobs = await openBlobs({ dir: join(dir.path, 'blobs'), quotaBytes: 1e9, maxBytes: 1e8, clock: time });
  const capBytes = options.logCapBytes ?? 67_108_864;
  const logFiles = await openLogFiles({ dir: join(dir.path, 'logs'), capBytes, durability: 'normal' });
  const auth = { token: async () => null, throttled: () => false, failed: () => {} };

  async function start() {
    const built = await createEngine({ store, bus, blobs, logFiles, clock: time, random, log });
    const door = createKueueDoor({ engine: built.engine, auth, clock: time, random: doorRandom, log } as never, {
      ...kueueDefaults,
      secret,
      secretPlace: 'a test',
      port: 0,
      hosts: ['127.0.0.1'],
      globalMaxParallelJobs: null,
      globalResources: {},
      cleanupAfterMinutes: null,
      ...options,
    });
    const listener = await openListener({ doors: [door], hosts: options.hosts ?? ['127.0.0.1'], port: 0 }, { clock: time, log });
    return { built, listener };
  }

  let running = await start();
  let closing: Promise<void> | null = null;

  async function stop(): Promise<void> {
    const closed = running.listener.close();
    // Good-byes that nobody takes are cut off by a timer.
    if (options.realClock === undefined) await clock.advance(60_000);
    await closed;
    await running.built.close();
  }

  async function closeAll(): Promise<void> {
    await stop();
    await store.close();
    await logFiles.close();
    await blobs.close();
    bus.close();
    await dir.remove();
  }

  const place: Place = {
    get engine() {
      return running.built.engine;
    },
    get listener() {
      return running.listener;
    },
    get port() {
      return running.listener.port;
    },
    get ownPort() {
      return running.listener.ownPorts[0]!.port;
    },
    store,
    clock,
    lines,
    folder: dir.path,
    async restart() {
      await stop();
      running = await start();
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}

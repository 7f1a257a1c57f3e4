import { join } from 'node:path';
import { createMemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { type Principal, roles } from '../../../src/domain/principal.ts';
import { createFlamencoDoor, type FlamencoOptions } from '../../../src/doors/flamenco/door.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { procedures } from '../../../src/engine/procedures/index.ts';
import { openBlobs } from '../../../src/files/blobs.ts';
import { openImages } from '../../../src/files/images.ts';
import { openLogFiles } from '../../../src/files/log-files.ts';
import { openSqliteStore } from '../../../src/store/sqlite/open.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { tempDir } from '../../lib/temp-dir.ts';
import { type ScriptedOptions, ScriptedWorker } from './scripted-worker.ts';

export const admin: Principal = { ...roles.admin, id: 'token:1', name: 'admin', kinds: null };
const viewer: Principal = { ...roles.viewer, id: 'token:2', name: 'viewer', kinds: null };
const submitter: Principal = { ...roles.submitter, id: 'token:3', name: 'ada', kinds: null };
const tokens: Readonly<Record<string, Principal>> = { admin, viewer, submitter };

/** A server with the Flamenco door over a real inline store, real files and sockets, and a clock that the test turns. */
export interface Place extends AsyncDisposable {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly listener: Listener;
  readonly port: number;
  readonly url: string;
  readonly lines: LogLine[];
  /** Folder below which pictures may be read. */
  readonly renders: string;
  worker(options?: Partial<ScriptedOptions>): ScriptedWorker;
  /** Time passes second by second, with all that the workers say in between. */
  pass(ms: number): Promise<void>;
  /** Nobody has anything under way. */
  quiet(): Promise<void>;
  /** A request with a token. */
  ask(path: string, options?: AskOptions): Promise<Response>;
  /** Stops the server; `start` begins a new one over the same store, on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
  connections(): number;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export type PlaceOptions = Partial<FlamencoOptions>;

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const dir = await tempDir();
  const clock = createFakeClock();
  const random = createSeededRandom('engine');
  const { log, lines } = keptLog();
  const store = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures });
  const bus = createMemoryBus({ clock, onError: (cause) => log.error({ err: String(cause) }, 'bus') });
  const blobs = await openBlobs({ dir: join(dir.path, 'blobs'), quotaBytes: 1e9, maxBytes: 1e8, clock });
  const logFiles = await openLogFiles({ dir: join(dir.path, 'logs'), capBytes: 16_777_216, durability: 'normal' });
  const renders = join(dir.path, 'renders');
  const images = await openImages({ dir: join(dir.path, 'images'), roots: [renders] });
  const failures: string[] = [];
  const auth = {
    token: async (token: string) => tokens[token] ?? null,
    throttled: (remote: string) => failures.filter((one) => one === remote).length >= 10,
    failed: (remote: string) => void failures.push(remote),
  };
  const workers: ScriptedWorker[] = [];
  let port = 0;

  async function begin() {
    const built = await createEngine({ store, bus, blobs, logFiles, images, clock, random, log });
    const door = createFlamencoDoor({ engine: built.engine, auth, clock, random, log } as never, {
      port: null,
      hosts: ['127.0.0.1'],
      salt: 'a salt for tests',
      registrationSecret: null,
      trusted: ['127.0.0.0/8'],
      workerTimeoutMs: 60_000,
      cleanupMs: 0,
      timeZone: 'UTC',
      name: 'Test yard',
      version: '0.0.0',
      platform: 'linux',
      ssdp: null,
      ...options,
    });
    const listener = await openListener({ doors: [door], hosts: ['127.0.0.1'], port, checkAnswers: true }, { clock, log });
    port = listener.port;
    return { built, listener };
  }

  let running: Awaited<ReturnType<typeof begin>> | null = await begin();
  let closing: Promise<void> | null = null;
  const now = () => running ?? (undefined as never);

  async function stop(): Promise<void> {
    if (running === null) return;
    const { listener, built } = running;
    running = null;
    const closed = listener.close();
    // Good-byes that nobody takes are cut off by a timer; leases must not run out meanwhile.
    await clock.advance(11_000);
    await closed;
    await built.close();
  }

  async function closeAll(): Promise<void> {
    for (const worker of workers) worker.kill();
    await stop();
    await store.close();
    await images.close();
    await logFiles.close();
    await blobs.close();
    bus.close();
    await dir.remove();
    const failed = lines.filter(({ level }) => level >= 50);
    if (failed.length > 0) throw new Error(`logged as errors: ${JSON.stringify(failed.slice(0, 3))}`);
  }

  async function quiet(): Promise<void> {
    for (let calm = 0; calm < 25; calm++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (workers.some(({ inFlight }) => inFlight > 0)) calm = -1;
    }
  }

  const place: Place = {
    get engine() {
      return now().built.engine;
    },
    get listener() {
      return now().listener;
    },
    get port() {
      return port;
    },
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    clock,
    lines,
    renders,
    worker(of = {}) {
      const worker = new ScriptedWorker({ url: place.url, time: clock, ...of });
      workers.push(worker);
      return worker;
    },
    async pass(ms) {
      await quiet();
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advance(Math.min(1_000, ms - passed));
        await quiet();
      }
    },
    quiet,
    ask(path, { method = 'GET', body, token = 'admin', headers = {} } = {}) {
      const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      return fetch(new URL(path, place.url), { method, headers: { ...authorization, ...headers }, body: body ?? null });
    },
    stop,
    async start() {
      running = await begin();
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    connections: () => running?.listener.connections() ?? 0,
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}

import { join } from 'node:path';
import { createMemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { type Principal, roles } from '../../../src/domain/principal.ts';
import type { WorkerProfile } from '../../../src/domain/worker.ts';
import type { Assignment, Tell } from '../../../src/engine/commands.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { Engine, SessionHandle } from '../../../src/engine/engine.ts';
import { procedures } from '../../../src/engine/procedures/index.ts';
import { openBlobs } from '../../../src/files/blobs.ts';
import { openImages } from '../../../src/files/images.ts';
import { openLogFiles } from '../../../src/files/log-files.ts';
import { compile } from '../../../src/kinds/index.ts';
import type { Blobs } from '../../../src/ports/files.ts';
import type { Procedures, Store } from '../../../src/ports/store.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/open.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { tempDir } from '../../lib/temp-dir.ts';
import { type AllRows, openRows } from './all-rows.ts';
import { counted, countedFiles, settle } from './settle.ts';

export { settle };

export const admin: Principal = { ...roles.admin, id: 'token:1', name: 'admin', kinds: null };
export const submitter: Principal = { ...roles.submitter, id: 'token:2', name: 'ada', kinds: null };
export const workerPrincipal: Principal = {
  id: 'token:3',
  name: 'workers',
  rights: roles.worker.rights,
  scope: 'own',
  kinds: null,
};

export interface Yard extends AsyncDisposable {
  readonly engine: Engine;
  readonly store: SqliteStore;
  readonly clock: FakeClock;
  readonly blobs: Blobs;
  readonly errors: string[];
  /** The database. */
  readonly file: string;
  /** Everything that is committed; only with `onDisk`. */
  rows(): AllRows;
  /** Closes the engine and opens a new one over the same store, as a restart does; `crashed`: the old one is just left. */
  restart(how?: { crashed: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface YardOptions {
  readonly forceMs?: number;
  readonly fairness?: boolean;
  readonly keepAfterMs?: number;
  /** A database file instead of memory, so that `rows` can look into it. */
  readonly onDisk?: boolean;
  /** The store's thread, as the server has it; with `onDisk`, and its own procedures only. */
  readonly threaded?: boolean;
  /** The store's procedures, or what a test makes of them. */
  readonly procedures?: Procedures;
  /** Puts something between the engine and its store. */
  readonly around?: (store: Store) => Store;
}

const module = { url: new URL('../../../src/engine/procedures/index.ts', import.meta.url).href, export: 'procedures' };

/** The engine over a real inline store, real files and a clock that the test turns. */
export async function openYard(options: YardOptions = {}): Promise<Yard> {
  const dir = await tempDir();
  const clock = createFakeClock();
  const random = createSeededRandom(7);
  const errors: string[] = [];
  const note = (fields: unknown, event: string): void => void errors.push(`${event} ${JSON.stringify(fields)}`);
  const log = { info: () => {}, warn: note, error: note };
  const file = options.onDisk ? join(dir.path, 'yard.db') : ':memory:';
  const given = options.procedures ?? procedures;
  const store = options.threaded
    ? await openSqliteStore({
        file,
        mode: 'threaded',
        durability: 'normal',
        procedures: module,
        onFatal: (error) => note(error, 'store'),
      })
    : await openSqliteStore({ file, mode: 'inline', durability: 'normal', procedures: given });
  const rows = options.onDisk ? openRows(file) : null;
  const bus = createMemoryBus({ clock, onError: (cause) => errors.push(String(cause)) });
  const blobs = await openBlobs({ dir: join(dir.path, 'blobs'), quotaBytes: 1e9, maxBytes: 1e8, clock });
  const logFiles = await openLogFiles({ dir: join(dir.path, 'logs'), capBytes: 1_048_576, durability: 'normal' });
  const images = await openImages({ dir: join(dir.path, 'images'), roots: [] });
  const seen = options.around?.(counted(store)) ?? counted(store);
  const deps = {
    store: seen,
    bus,
    blobs,
    logFiles: countedFiles(logFiles),
    images,
    clock,
    random,
    log,
    forceMs: options.forceMs ?? 60_000,
    fairness: options.fairness ?? false,
    ...(options.keepAfterMs === undefined ? {} : { keepAfterMs: options.keepAfterMs }),
  };
  const build = () => createEngine(deps);
  let built = await build();
  const yard: Yard = {
    get engine() {
      return built.engine;
    },
    store,
    clock,
    blobs,
    errors,
    file,
    rows() {
      if (rows === null) throw new Error('open the yard with onDisk to look at its rows');
      return rows.read();
    },
    async restart({ crashed } = { crashed: false }) {
      if (!crashed) await built.close();
      built = await build();
    },
    async close() {
      await built.close();
      rows?.close();
      await store.close();
      await images.close();
      await logFiles.close();
      await blobs.close();
      bus.close();
      await dir.remove();
    },
    [Symbol.asyncDispose]: () => yard.close(),
  };
  return yard;
}

/** Submits a request as `/v1/jobs` would; throws on a refusal. */
export async function submit(yard: Yard, request: Record<string, unknown>, by: Principal = admin) {
  const plan = compile({ spec: { argv: ['true'], cwd: '/' }, ...request } as never);
  if (plan.refusal !== undefined) throw new Error(plan.refusal.detail);
  return ok(await yard.engine.submit(by, plan.value));
}

export function ok<T>(result: { value?: T | undefined; refusal?: { code: string; detail: string } | undefined }): T {
  if (result.refusal !== undefined) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value as T;
}

export const ourProfile: WorkerProfile = {
  graceMs: 15_000,
  connection: false,
  leaseMs: 0,
  ephemeral: false,
  room: 'counted',
  suspends: true,
};
export const kueueProfile: WorkerProfile = {
  graceMs: 0,
  connection: true,
  leaseMs: 0,
  ephemeral: true,
  room: 'reported',
  suspends: false,
};

export interface TestWorker {
  readonly id: number;
  session: number;
  readonly got: Assignment[];
  readonly offered: Assignment[];
  readonly told: Tell[];
  handle: SessionHandle;
  /** Ends a task that it was given. */
  end(task: number, outcome?: 'succeeded' | 'failed', exitCode?: number): Promise<unknown>;
}

/** A worker that is connected and given work as ours is; `offers` for prefetch. */
export async function connect(
  yard: Yard,
  options: {
    slots?: number;
    cpus?: number;
    name?: string;
    kinds?: string[];
    tags?: string[];
    offers?: number;
    profile?: WorkerProfile;
    onlyOffers?: boolean;
    /** It is given nothing by itself: it claims. */
    asks?: boolean;
    key?: string;
    by?: Principal;
  } = {},
): Promise<TestWorker> {
  const by = options.by ?? workerPrincipal;
  const { slots = 2, cpus = 8, name = 'w', kinds = ['shell'], tags = ['files'], offers = 0, profile = ourProfile } = options;
  const total = { slots, cpus, ramMb: 1_000, named: {} };
  const { worker: id } = ok(
    await yard.engine.command(by, 'register', {
      key: options.key ?? null,
      name,
      kinds,
      tags,
      total,
      profile,
      info: {},
      approved: true,
    }),
  );
  const { session } = ok(
    await yard.engine.command(by, 'signOn', {
      worker: id,
      name: null,
      kinds: null,
      tags: null,
      total: null,
      info: null,
      keepTasks: true,
    }),
  );
  const worker: TestWorker = {
    id,
    session,
    got: [],
    offered: [],
    told: [],
    handle: undefined as never,
    end: (task, outcome = 'succeeded', exitCode = outcome === 'succeeded' ? 0 : 1) =>
      yard.engine.command(by, 'end', {
        task,
        session: worker.session,
        attempt: null,
        outcome,
        reason: outcome === 'failed' ? 'exit' : null,
        exitCode,
        signal: null,
        error: null,
        result: null,
        artifacts: [],
      }),
  };
  if (profile.room === 'reported') {
    ok(
      await yard.engine.command(by, 'refresh', {
        worker: id,
        session,
        reported: total,
        total: null,
        info: null,
        mode: null,
        seenAt: null,
      }),
    );
  }
  const run = (given: readonly Assignment[]): void => void worker.got.push(...given);
  const offer = (given: readonly Assignment[]): void => void worker.offered.push(...given);
  worker.handle = yard.engine.sessions.attach(by, id, session, {
    tell: (what) => void worker.told.push(what),
    push: options.asks
      ? null
      : options.onlyOffers
        ? { offer, offers: offers || 1, offerMs: 60_000 }
        : { run, offer, offers, offerMs: null },
  });
  return worker;
}

import type { Change } from '../../domain/change.ts';
import type { TaskId, WorkerId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { TaskStateName } from '../../domain/task.ts';
import { isRunningLike } from '../../domain/task.ts';
import { platformOf } from '../../domain/variables.ts';
import type { Wanted, Worker, WorkerMode, WorkerStatus } from '../../domain/worker.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Holding, KnownWorker } from './known-worker.ts';
import { lookup, owner, workers } from './principals.ts';
import { RecentUpdates } from './recent-updates.ts';
import { secretHashIn } from './secrets.ts';

export interface FleetDeps {
  readonly engine: Pick<Engine, 'query' | 'feed'>;
  readonly clock: Clock;
  /** Updates remembered per worker. */
  readonly remembered: number;
}

/**
 * All workers of this door with what they hold, as committed: filled once, then kept in line by the feed before any command is
 * answered. So the polls of a whole farm need no look into the store.
 */
export class Fleet {
  readonly #deps: FleetDeps;
  readonly #workers = new Map<WorkerId, KnownWorker>();
  readonly #holdings = new Map<TaskId, Holding>();
  readonly #behind = new WeakMap<Principal, KnownWorker>();
  #stop: (() => void) | null = null;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  async open(): Promise<void> {
    const { query, feed } = this.#deps.engine;
    this.#stop = feed.subscribe({ kinds: ['task.changed', 'worker.changed', 'worker.deleted'] }, (changes) => {
      for (const change of changes) this.#changed(change);
    });
    for (const row of await query.workers(lookup)) {
      const worker = this.add(row);
      if (worker === null || row.holding === 0) continue;
      for (const { id, job, attempt, state } of await query.held(lookup, row.id)) {
        if (!isRunningLike(state)) continue;
        const holding = this.#hold(worker, { task: id, job, attempt, state: state.state });
        // What it has said before this server began is not known: it is taken to know of the task.
        holding.heard = true;
      }
    }
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }

  all(): IterableIterator<KnownWorker> {
    return this.#workers.values();
  }

  get(id: WorkerId | null): KnownWorker | null {
    return id === null ? null : (this.#workers.get(id) ?? null);
  }

  /** The worker that this principal was made for. */
  behind(by: Principal): KnownWorker | null {
    return this.#behind.get(by) ?? null;
  }

  holding(task: TaskId): Holding | null {
    return this.#holdings.get(task) ?? null;
  }

  /** Null: a worker of another door. One that is known stays the same object. */
  add(row: Worker): KnownWorker | null {
    const secretHash = row.owner === owner ? secretHashIn(row.key) : null;
    if (secretHash === null) return null;
    const known = this.#workers.get(row.id) ?? this.#fresh(row, secretHash);
    this.#workers.set(row.id, known);
    const { name, kinds, status, mode, wanted, info } = row;
    known.met ||= row.session > 0;
    const text = (field: string): string => (typeof info[field] === 'string' ? info[field] : '');
    const platformText = text('platform');
    Object.assign(known, { name, kinds, status, mode, wanted, platformText, platform: platformOf(platformText) });
    Object.assign(known, { software: text('software'), address: text('address') });
    return known;
  }

  #fresh({ id }: Worker, secretHash: Buffer): KnownWorker {
    const blank = {
      ...{ id, secretHash, name: '', kinds: [], platform: null, platformText: '', software: '', address: '' },
      ...({ status: 'offline', mode: 'awake', wanted: null, session: 0, handle: null, joining: null } as const),
      ...{ met: false, timedOut: false, fresh: false, unsupervised: false, lastTask: null },
      holdings: new Map<TaskId, Holding>(),
      updates: new RecentUpdates(this.#deps.remembered),
    };
    const known: KnownWorker = { ...blank, principal: { ...workers } };
    this.#behind.set(known.principal, known);
    return known;
  }

  #changed(change: Change): void {
    if (change.kind === 'task.changed') this.#taskChanged(change);
    else if (change.worker !== null) {
      const worker = this.#workers.get(change.worker);
      if (worker === undefined) return;
      if (change.kind === 'worker.deleted') this.#remove(worker);
      else workerChanged(worker, change);
    }
  }

  #taskChanged({ task, job, worker: id, json }: Change): void {
    if (task === null || job === null) return;
    const known = id === null ? undefined : this.#workers.get(id);
    const held = this.#holdings.get(task);
    if (known === undefined && held === undefined) return;
    const { state, attempt } = JSON.parse(json) as { state: TaskStateName; attempt: number };
    if (known !== undefined && isRunningLike({ state } as Parameters<typeof isRunningLike>[0])) {
      this.#hold(known, { task, job, attempt, state });
    } else if (held !== undefined) this.#release(held);
  }

  #hold(worker: KnownWorker, now: { task: TaskId; job: number; attempt: number; state: TaskStateName }): Holding {
    const { task, job, attempt } = now;
    const state = now.state === 'stopping' ? 'stopping' : 'running';
    const held = this.#holdings.get(task);
    if (held !== undefined && held.worker === worker && held.attempt === attempt) {
      held.state = state;
      return held;
    }
    if (held !== undefined) this.#release(held);
    const since = this.#deps.clock.monotonic();
    const blank = { heard: false, updatedAt: null, askedAt: null, waitingSince: null, steps: null };
    const holding: Holding = { task, job, worker, attempt, state, since, ...blank };
    this.#holdings.set(task, holding);
    worker.holdings.set(task, holding);
    worker.lastTask = task;
    return holding;
  }

  #release(held: Holding): void {
    this.#holdings.delete(held.task);
    held.worker.holdings.delete(held.task);
  }

  #remove(worker: KnownWorker): void {
    this.#workers.delete(worker.id);
    for (const held of [...worker.holdings.values()]) this.#release(held);
  }
}

function workerChanged(worker: KnownWorker, { json }: Change): void {
  const { status, mode, wanted } = JSON.parse(json) as { status: WorkerStatus; mode: WorkerMode; wanted: Wanted | null };
  worker.status = status;
  worker.mode = mode;
  worker.wanted = wanted;
}

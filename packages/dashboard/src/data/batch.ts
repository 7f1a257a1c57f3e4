import type { ChangeView } from '@switchyard/sdk/change.ts';

/** What changed within a moment, newest per thing. Bounded: beyond that it only says that there was too much to name. */
export interface Batch {
  readonly jobs: ReadonlyMap<number, ChangeView>;
  readonly created: ReadonlySet<number>;
  readonly deleted: ReadonlySet<number>;
  /** Jobs of which some task moved. */
  readonly tasksOf: ReadonlySet<number>;
  readonly tasks: ReadonlySet<number>;
  readonly workers: ReadonlySet<number>;
  /** Jobs that show another picture. */
  readonly images: ReadonlySet<number>;
  /** Printers that show something else of themselves. */
  readonly reports: ReadonlySet<number>;
  readonly pools: boolean;
  /** Everything shown must be read anew: the feed had a gap, or too much happened at once. */
  readonly all: boolean;
}

const most = 5_000;

export interface Collector {
  add(change: ChangeView): void;
  image(job: number): void;
  report(worker: number): void;
  reset(): void;
  /** What has been collected since the last call; null: nothing. */
  take(): Batch | null;
}

export function createCollector(): Collector {
  let now = empty();
  let any = false;
  return {
    add(change) {
      any = true;
      if (now.all) return;
      collect(now, change);
      if (now.jobs.size + now.tasks.size > most) now = { ...empty(), all: true };
    },
    image(job) {
      any = true;
      now.images.add(job);
    },
    report(worker) {
      any = true;
      now.reports.add(worker);
    },
    reset() {
      any = true;
      now = { ...empty(), all: true };
    },
    take() {
      if (!any) return null;
      const taken = now;
      now = empty();
      any = false;
      return taken;
    },
  };
}

interface Collected {
  jobs: Map<number, ChangeView>;
  created: Set<number>;
  deleted: Set<number>;
  tasksOf: Set<number>;
  tasks: Set<number>;
  workers: Set<number>;
  images: Set<number>;
  reports: Set<number>;
  pools: boolean;
  all: boolean;
}

const empty = (): Collected => ({
  jobs: new Map(),
  created: new Set(),
  deleted: new Set(),
  tasksOf: new Set(),
  tasks: new Set(),
  workers: new Set(),
  images: new Set(),
  reports: new Set(),
  pools: false,
  all: false,
});

function collect(into: Collected, change: ChangeView): void {
  const { kind, job, task, worker } = change;
  if (worker !== null) into.workers.add(worker);
  if (kind === 'pool.changed') into.pools = true;
  if (task !== null) into.tasks.add(task);
  if (job === null) return;
  if (kind === 'job.created') into.created.add(job);
  if (kind === 'job.deleted') into.deleted.add(job);
  if (kind === 'job.changed') into.jobs.set(job, change);
  if (kind === 'task.changed' || kind === 'array.changed') into.tasksOf.add(job);
}

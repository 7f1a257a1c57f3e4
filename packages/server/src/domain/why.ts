import { isRegistered } from './candidates.ts';
import type { JobId, Millis, TaskId, WorkerId } from './ids.ts';
import type { JobIntent } from './job.ts';
import { type Amounts, amountOf, type ClassSpec, fitsIn } from './needs.ts';
import { type Rate, rateFreeAt } from './rate.ts';
import { type Block, type Exclusion, limitPool, type Pool } from './rows.ts';
import { poolsWanted } from './scheduling.ts';
import type { TaskState } from './task.ts';
import { hasTag, mayStart, roomOf, testPrefix, type Worker, type WorkerMode, type WorkerStatus } from './worker.ts';

/** What keeps one worker from a task: the first that stands in the way. */
export type Obstacle =
  | { readonly code: 'kind' }
  | { readonly code: 'pin' }
  | { readonly code: 'testing' }
  | { readonly code: 'tags'; readonly missing: readonly string[] }
  /** Its whole size would not do. */
  | { readonly code: 'size'; readonly what: string; readonly wanted: number; readonly has: number }
  | { readonly code: 'status'; readonly status: WorkerStatus }
  | { readonly code: 'mode'; readonly mode: WorkerMode }
  /** Somebody has to look at it first (`WorkerGate`). */
  | { readonly code: 'gate' }
  /** It was asked to become something, and gets nothing new until it has. */
  | { readonly code: 'asked'; readonly mode: WorkerMode | 'shutdown' }
  | { readonly code: 'blocked'; readonly until: Millis | null }
  | { readonly code: 'excluded'; readonly why: Exclusion['why']; readonly until: Millis | null }
  | { readonly code: 'busy'; readonly what: string; readonly wanted: number; readonly free: number }
  /** It is kept for a larger task that stands before this one. */
  | { readonly code: 'kept'; readonly task: TaskId }
  /** It could, and others stand before the task. */
  | { readonly code: 'behind' };

export interface WorkerName {
  readonly id: WorkerId;
  readonly name: string;
}

/** One reason why a task is not given to anybody. */
export type Cause =
  | { readonly code: 'held' }
  | { readonly code: 'job'; readonly intent: Exclude<JobIntent, 'none'> }
  | { readonly code: 'time'; readonly until: Millis; readonly failures: number }
  | { readonly code: 'parent'; readonly parent: Parent }
  | { readonly code: 'offered'; readonly worker: WorkerName }
  | {
      readonly code: 'pool';
      readonly pool: string;
      readonly wanted: number;
      readonly used: number;
      readonly total: number | null;
    }
  | { readonly code: 'limit'; readonly key: string; readonly max: number; readonly used: number }
  | { readonly code: 'rate'; readonly key: string; readonly max: number; readonly perMs: number; readonly until: Millis }
  | { readonly code: 'nobody' }
  /** Workers (at most ten are named) that the same thing keeps from it. */
  | { readonly code: 'workers'; readonly obstacle: Obstacle; readonly workers: readonly WorkerName[]; readonly count: number };

export interface Parent {
  readonly kind: 'task' | 'array' | 'job';
  readonly id: TaskId | JobId;
  /** Name of the job, key of the task or array. */
  readonly name: string | null;
  /** Null: it was deleted. */
  readonly state: string | null;
}

/** What is known of a task that nobody runs, when somebody asks why. */
export interface Case {
  readonly state: TaskState;
  readonly failures: number;
  readonly intent: JobIntent;
  readonly kind: string;
  readonly spec: ClassSpec;
  /** Those that have not succeeded. */
  readonly parents: readonly Parent[];
  readonly exclusions: readonly Exclusion[];
  /** Of its job. */
  readonly blocks: readonly Block[];
}

export interface Yard {
  readonly workers: readonly Worker[];
  readonly pools: ReadonlyMap<string, Pool>;
  readonly now: Millis;
}

/** What the task itself waits for, whoever there is. */
export function ownCauses({ state, failures, intent, parents }: Case, { workers }: Pick<Yard, 'workers'>): Cause[] {
  const causes: Cause[] = [];
  if (intent !== 'none') causes.push({ code: 'job', intent });
  if (state.state === 'offered') {
    const name = workers.find(({ id }) => id === state.worker)?.name ?? '';
    causes.push({ code: 'offered', worker: { id: state.worker, name } });
  }
  if (state.state !== 'waiting') return causes;
  if (state.held && intent !== 'hold') causes.push({ code: 'held' });
  if (state.notBefore !== null) causes.push({ code: 'time', until: state.notBefore, failures });
  for (const parent of parents) causes.push({ code: 'parent', parent });
  return causes;
}

/** Pools that could not take one more of its class. */
export function poolCauses(spec: ClassSpec, pools: ReadonlyMap<string, Pool>): Cause[] {
  return Object.entries(poolsWanted(spec, pools)).flatMap(([pool, wanted]): Cause[] => {
    const row = pools.get(pool);
    const { limit } = spec;
    if (limit !== undefined && pool === limitPool(limit.key)) {
      const used = row?.used ?? 0;
      return used < limit.max ? [] : [{ code: 'limit', ...limit, used }];
    }
    if (row !== undefined && row.used + wanted <= row.total) return [];
    return [{ code: 'pool', pool, wanted, used: row?.used ?? 0, total: row?.total ?? null }];
  });
}

/** The interval in which as many have begun as may. */
export function rateCauses({ rate }: ClassSpec, rates: ReadonlyMap<string, Rate>, now: Millis): Cause[] {
  const until = rate === undefined ? null : rateFreeAt(rate, rates.get(rate.key), now);
  return rate === undefined || until === null ? [] : [{ code: 'rate', ...rate, until }];
}

/** The first thing that keeps this worker from it; null: it could begin it, were it the first in the queue. */
export function obstacleFor(worker: Worker, one: Case, now: Millis): Obstacle | null {
  const { spec } = one;
  if (!worker.kinds.includes(spec.kind)) return { code: 'kind' };
  if (spec.pin !== null && spec.pin !== worker.id) return { code: 'pin' };
  const missing = spec.tags.filter((tag) => !hasTag(worker, tag));
  if (missing.length > 0) return { code: 'tags', missing };
  const size = tooMuch(spec.amounts, worker.total);
  if (size !== null) return { code: 'size', what: size.what, wanted: size.wanted, has: size.of };
  if (worker.status !== 'online') return { code: 'status', status: worker.status };
  if (worker.mode === 'testing' && !spec.kind.startsWith(testPrefix)) return { code: 'testing' };
  if (worker.wanted !== null && worker.wanted.mode !== worker.mode) return { code: 'asked', mode: worker.wanted.mode };
  if (!mayStart(worker)) return { code: 'mode', mode: worker.mode };
  const block = one.blocks.find((row) => row.worker === worker.id && row.kind === one.kind);
  if (block !== undefined) return { code: 'blocked', until: block.until };
  const excluded = one.exclusions.find((row) => bars(row, worker, now));
  if (excluded !== undefined) return { code: 'excluded', why: excluded.why, until: excluded.until };
  const busy = tooMuch(spec.amounts, roomOf(worker));
  if (busy === null && worker.gate === 'closed') return { code: 'gate' };
  return busy === null ? null : { code: 'busy', what: busy.what, wanted: busy.wanted, free: busy.of };
}

function bars({ worker, session, until }: Exclusion, one: Worker, now: Millis): boolean {
  return worker === one.id && (session === null || session === one.session) && (until === null || until > now);
}

function tooMuch(needed: Amounts, has: Amounts): { what: string; wanted: number; of: number } | null {
  if (fitsIn(needed, has)) return null;
  for (const what of ['slots', 'cpus', 'ramMb'] as const) {
    if (needed[what] > has[what]) return { what, wanted: needed[what], of: has[what] };
  }
  for (const what in needed.named) {
    const wanted = amountOf(needed.named, what);
    if (wanted > amountOf(has.named, what)) return { what, wanted, of: amountOf(has.named, what) };
  }
  return null;
}

/** How near to giving it work a worker with this obstacle is: people are told of the nearest ones alone. */
const far: Readonly<Record<Obstacle['code'], number>> = {
  behind: 0,
  kept: 0,
  busy: 0,
  excluded: 1,
  blocked: 1,
  mode: 1,
  asked: 1,
  testing: 1,
  gate: 1,
  status: 2,
  size: 3,
  tags: 4,
  pin: 5,
  kind: 6,
};
const named = 10;

/** What keeps everybody from it, said of those who could be nearest to it. */
export function workerCauses(found: readonly { readonly worker: Worker; readonly obstacle: Obstacle }[]): Cause[] {
  const known = found.filter(({ worker }) => isRegistered(worker) || worker.status === 'pending');
  if (known.length === 0) return [{ code: 'nobody' }];
  const near = Math.min(...known.map(({ obstacle }) => far[obstacle.code]));
  // Whoever is away may be back soon: worth a word beside those that only have no room.
  const told = known.filter(({ obstacle }) => far[obstacle.code] === near || (near < 2 && far[obstacle.code] <= 2));
  const groups = new Map<string, { obstacle: Obstacle; workers: WorkerName[]; count: number }>();
  for (const { worker, obstacle } of told) {
    const key = groupOf(obstacle);
    const group = groups.get(key) ?? { obstacle, workers: [], count: 0 };
    group.count += 1;
    if (group.workers.length < named) group.workers.push({ id: worker.id, name: worker.name });
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ code: 'workers', ...group }));
}

/** What is the same for people: how much is free differs from worker to worker and is not told apart. */
function groupOf(obstacle: Obstacle): string {
  if (obstacle.code === 'busy') return `busy ${obstacle.what}`;
  if (obstacle.code === 'size') return `size ${obstacle.what}`;
  return JSON.stringify(obstacle);
}

import type { ClassId, Millis, TaskId, WorkerId } from './ids.ts';
import { type Amounts, minus } from './needs.ts';
import type { InternedClass } from './rows.ts';
import { fitsNow, mayClaim, suits, type Worker } from './worker.ts';

/** So old must a task be before a worker is kept for it: until then whatever fits is begun. */
export const keepAfterMs: Millis = 120_000;

/**
 * A worker is kept for a task that is too large for what it has left: as its tasks end, nothing is begun on it that would be
 * in the way. What fits in beside the task may go on being begun.
 */
export interface Reservation {
  readonly worker: WorkerId;
  readonly class: ClassId;
  /** Id of the task, or of the next index of an array. */
  readonly task: TaskId;
  readonly jobPriority: number;
  readonly priority: number;
  readonly amounts: Amounts;
  readonly at: Millis;
}

/** A task as it stands in the queue. */
export interface Standing {
  readonly id: TaskId;
  readonly class: ClassId;
  readonly jobPriority: number;
  readonly priority: number;
  readonly createdAt: Millis;
}

type Ranked = Pick<Standing, 'jobPriority' | 'priority'> & { readonly id: TaskId };

/** Below 0: `a` stands before `b`. */
export function comparePlaces(a: Ranked, b: Ranked): number {
  return b.jobPriority - a.jobPriority || b.priority - a.priority || a.id - b.id;
}

/** Whether something of this place has to go round what a worker is kept for. */
export function givesWay({ task: id, jobPriority, priority }: Reservation, place: Ranked): boolean {
  return place.id !== id && comparePlaces({ id, jobPriority, priority }, place) < 0;
}

/** Classes that the worker could run, had it less to do. Only where the server counts its room itself. */
export function tooLargeNow(worker: Worker, classes: readonly InternedClass[]): InternedClass[] {
  if (worker.profile.room !== 'counted' || worker.holding === 0) return [];
  return classes.filter(({ spec }) => suits(spec, worker) && !fitsNow(spec, worker));
}

/** What may still be begun beside the task: what the worker has in all, less the task, less what was begun since. */
export function besides(
  { amounts }: Pick<Reservation, 'amounts'>,
  { total }: Pick<Worker, 'total'>,
  begunSince: Amounts,
): Amounts {
  return minus(minus(total, amounts), begunSince);
}

/** A worker that is kept for a task can still take it. */
export function canKeep(worker: Worker | null): boolean {
  return worker !== null && mayClaim(worker);
}

/**
 * The task that the worker is to be kept for: the best of those that are too large at present, if it is old enough, stands before
 * everything that could begin, and no other worker is kept for it.
 */
export function toKeepFor(
  large: readonly Standing[],
  others: readonly Ranked[],
  taken: ReadonlySet<TaskId>,
  now: Millis,
  afterMs: Millis,
): Standing | null {
  let best: Standing | null = null;
  for (const one of large) if (best === null || comparePlaces(one, best) < 0) best = one;
  if (best === null || now - best.createdAt < afterMs || taken.has(best.id)) return null;
  const first = best;
  return others.some((other) => comparePlaces(other, first) < 0) ? null : best;
}

import type { Millis, WorkerId } from './ids.ts';
import type { ClassSpec } from './needs.ts';
import type { Block } from './rows.ts';
import type { RetryPolicy, TaskState } from './task.ts';
import { suits, type Worker } from './worker.ts';

/** Who may not try a task any more: workers that failed it, and those that are blocked in its job for its kind. */
export type Barred = ReadonlySet<WorkerId>;

export const weekMs = 7 * 24 * 3_600_000;

/** As render farms have it: a task is failed by three different workers, a worker is blocked after three failures, for a week. */
export const threeWorkers = {
  retries: 2,
  on: 'distinct',
  blockAfter: 3,
  blockMs: weekMs,
  noCandidateMs: 600_000,
} as const satisfies Partial<RetryPolicy>;

export function stands({ until }: Pick<Block, 'until'>, now: Millis): boolean {
  return until === null || until > now;
}

/** Known and let in, whatever it does at present. A connection that is gone never comes back as the same worker. */
export function isRegistered({ status, profile }: Worker): boolean {
  return status !== 'pending' && (status !== 'offline' || !profile.ephemeral);
}

/** Connected, or expected back at any moment. */
export function isPresent({ status }: Worker): boolean {
  return status !== 'pending' && status !== 'offline';
}

/** Workers left that could run the class. */
export function candidatesLeft(spec: ClassSpec, workers: readonly Worker[], barred: Barred): readonly Worker[] {
  return workers.filter((worker) => isRegistered(worker) && !barred.has(worker.id) && suits(spec, worker));
}

/**
 * Whether a task that nobody holds must fail because nobody is left for it. Only where something has gone wrong before: a
 * task that nobody has failed yet waits for the first worker to come, unless workers were blocked in its job.
 */
export function isHopeless(
  { state, failures, policy }: { state: TaskState; failures: number; policy: RetryPolicy },
  someBlocked: boolean,
  left: number,
): boolean {
  if (policy.on !== 'distinct' || left > 0) return false;
  if (state.state === 'ready') return failures > 0 || someBlocked;
  return state.state === 'waiting' && failures > 0;
}

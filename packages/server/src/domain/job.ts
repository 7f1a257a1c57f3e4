import { aliveOf, type Counts, totalOf, unfinishedOf } from './counts.ts';
import type { BodyId, JobId, Millis, TaskId } from './ids.ts';

/** What somebody wants of the whole job. Claims obey it at once; sweeps then bring the tasks along. */
export type JobIntent = 'none' | 'building' | 'hold' | 'cancel' | 'delete';

export type JobState = 'waiting' | 'held' | 'active' | 'canceling' | 'succeeded' | 'failed' | 'canceled';

export const jobStates: readonly JobState[] = ['waiting', 'held', 'active', 'canceling', 'succeeded', 'failed', 'canceled'];

export interface Job {
  readonly id: JobId;
  readonly name: string;
  /** A compiler of `kinds/`. */
  readonly kind: string;
  readonly priority: number;
  /** The principal's id that submitted it. */
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The request as submitted; may be the same body as its only task's. */
  readonly spec: BodyId;
  readonly intent: JobIntent;
  /** Cached `jobState(counts, intent)`; written by nothing else. */
  readonly state: JobState;
  readonly counts: Counts;
  /** Whether any attempt ever started: a job between two stages is active, one that never began is waiting. */
  readonly startedAt: Millis | null;
  readonly createdAt: Millis;
  readonly endedAt: Millis | null;
  /** Not ended by then it is canceled, whatever runs of it is stopped. */
  readonly deadline: Millis | null;
  /** Lowest task id: the tasks of a job are listed from here. */
  readonly firstTask: TaskId;
}

/**
 * The only place where a job's state comes from. Pure function of its counters, its intent and whether it ever started.
 * A job with a failed task stays active while other tasks can still run, then it is failed.
 */
export function jobState(counts: Counts, intent: JobIntent, started: boolean): JobState {
  const unfinished = unfinishedOf(counts);
  if (unfinished === 0 && intent !== 'building') {
    if (counts.failed > 0) return 'failed';
    if (counts.canceled > 0) return 'canceled';
    return totalOf(counts) === 0 && intent === 'cancel' ? 'canceled' : 'succeeded';
  }
  if (intent === 'cancel' || intent === 'delete') return 'canceling';
  if (aliveOf(counts) > 0) return 'active';
  if (intent === 'hold') return 'held';
  return started ? 'active' : 'waiting';
}

export function isFinal(state: JobState): state is 'succeeded' | 'failed' | 'canceled' {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}

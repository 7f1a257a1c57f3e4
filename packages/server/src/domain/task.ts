import type { AttemptNumber, BodyId, ClassId, JobId, Millis, SessionNumber, TaskId, WorkerId } from './ids.ts';

/** Who holds a task: one worker, in one session. */
export interface Holder {
  readonly worker: WorkerId;
  readonly session: SessionNumber;
}

export interface Waiting {
  readonly state: 'waiting';
  readonly held: boolean;
  /** Not before this moment (a start time asked for, or back-off). */
  readonly notBefore: Millis | null;
}
export interface Ready {
  readonly state: 'ready';
}
export interface Offered extends Holder {
  readonly state: 'offered';
  readonly deadline: Millis | null;
}
export interface Running extends Holder {
  readonly state: 'running';
}
export interface Suspended extends Holder {
  readonly state: 'suspended';
}
export type StopGoal = 'canceled' | 'requeue' | 'failed';
export interface Stopping extends Holder {
  readonly state: 'stopping';
  readonly goal: StopGoal;
  readonly reason: Reason;
  /** When the stop was asked for: the time a canceled task shows. */
  readonly since: Millis;
}
export interface Succeeded {
  readonly state: 'succeeded';
}
export interface Failed {
  readonly state: 'failed';
  readonly reason: Reason;
}
export interface Canceled {
  readonly state: 'canceled';
  readonly reason: Reason;
  /** When it was asked for. */
  readonly at: Millis;
}

export type TaskState = Waiting | Ready | Offered | Running | Suspended | Stopping | Succeeded | Failed | Canceled;
export type TaskStateName = TaskState['state'];

export const taskStates: readonly TaskStateName[] = [
  'waiting',
  'ready',
  'offered',
  'running',
  'suspended',
  'stopping',
  'succeeded',
  'failed',
  'canceled',
];

/** Why a task ended badly or is being stopped. The text for people is made from it in one place (`reasons.ts`). */
export type Reason =
  | 'user'
  | 'dependency'
  | 'exit'
  | 'signal'
  | 'start'
  | 'error'
  | 'timeout'
  | 'silence'
  | 'deadline'
  | 'worker-lost'
  | 'no-candidate'
  | 'drain'
  | 'shutdown';

/** How a task may be tried again. Budgets are counters of their own, apart from the attempt number. */
export interface RetryPolicy {
  readonly retries: number;
  readonly maxLosses: number;
  /** `any`: the failing worker is avoided for a while. `distinct`: never again on a worker that failed it. */
  readonly on: 'any' | 'distinct';
  readonly backoffMs: number;
  /** What a lost attempt leads to; decided by the task kind. */
  readonly onLoss: 'requeue' | 'fail';
  /**
   * `distinct` only: a worker that failed so many tasks of the same job and kind gets no more of them; absent or 0: never.
   * Failed by `retries + 1` different workers, a task is failed for good.
   */
  readonly blockAfter?: number;
  /** How long that lasts, ms; absent or 0: for good. */
  readonly blockMs?: number;
  /** `distinct` only: once something failed, how long nobody who could run it may be present, ms; absent or 0: for ever. */
  readonly noCandidateMs?: number;
}

export interface Task {
  readonly id: TaskId;
  readonly job: JobId;
  /** First id of the array it belongs to, and its index in it. */
  readonly array: TaskId | null;
  readonly index: number | null;
  /** Unique name inside the job, when the submitter gave one. */
  readonly key: string | null;
  readonly kind: string;
  readonly class: ClassId;
  readonly jobPriority: number;
  readonly priority: number;
  /** Payload, inputs, outputs: immutable, shared by the tasks of an array. */
  readonly body: BodyId;
  readonly state: TaskState;
  /** Parents that have not succeeded yet. Counted in every state: a child canceled for one parent may be revived later. */
  readonly parentsLeft: number;
  /** Number of the latest attempt. */
  readonly attempt: AttemptNumber;
  readonly failures: number;
  readonly losses: number;
  readonly policy: RetryPolicy;
  /** Run time and silence limits, 0: none. */
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly createdAt: Millis;
  /** Start of the latest attempt, end of the task. */
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
}

/**
 * One row that stands for `size` tasks. `next` is the first index that nobody has claimed yet; the indices from `next` on
 * share `rest`, the state they would have as rows. Its ids are `id … id + size - 1`.
 */
export interface TaskArray {
  readonly id: TaskId;
  readonly job: JobId;
  readonly key: string | null;
  readonly kind: string;
  readonly class: ClassId;
  readonly jobPriority: number;
  readonly priority: number;
  readonly body: BodyId;
  readonly size: number;
  readonly next: number;
  /** Rows that stand beyond `next` all the same, because somebody acted on one index: not part of the rest. */
  readonly holes: number;
  readonly rest: Waiting | Ready | Canceled;
  readonly parentsLeft: number;
  /** Value shown to the task of index i: `first + i * step`, or the i-th item when there are items. */
  readonly first: number;
  readonly step: number;
  readonly items: boolean;
  /** Tasks of the array by outcome; the array succeeds when `succeeded` reaches `size`. */
  readonly succeeded: number;
  /** Failed or canceled for good (revived ones are taken off again). */
  readonly lost: number;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly createdAt: Millis;
}

export type Alive = Offered | Running | Suspended | Stopping;

export function isAlive(state: TaskState): state is Alive {
  return state.state === 'offered' || isRunningLike(state);
}

/** Has an attempt that has not ended: resources and pools are counted. */
export function isRunningLike(state: TaskState): state is Running | Suspended | Stopping {
  return state.state === 'running' || state.state === 'suspended' || state.state === 'stopping';
}

export function isEnded(state: TaskState): state is Succeeded | Failed | Canceled {
  return state.state === 'succeeded' || state.state === 'failed' || state.state === 'canceled';
}

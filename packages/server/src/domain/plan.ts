import type { JobId, Millis, TaskId, WorkerId } from './ids.ts';
import type { Amounts, LimitSpec, RateSpec } from './needs.ts';
import type { RetryPolicy } from './task.ts';

/** A task as a compiler of `kinds/` makes it, before ids are given. */
export interface TaskPlan {
  readonly key: string | null;
  readonly kind: string;
  readonly tags: readonly string[];
  readonly amounts: Amounts;
  readonly pools: Readonly<Record<string, number>>;
  readonly pin: WorkerId | null;
  readonly priority: number;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  /** `TaskBody` as JSON text. Null: the body is the job's spec, stored once. */
  readonly body: string | null;
  /** Positions in `tasks` of the plan; each must be lower than the task's own position. */
  readonly after: readonly number[];
  readonly array: {
    readonly size: number;
    readonly first: number;
    readonly step: number;
    readonly items: readonly string[] | null;
  } | null;
  /**
   * Inputs that name another task of the plan by position: replaced by its id when the ids are known
   * (`kinds/` leaves `{"task":-1-position}` in the body's inputs).
   */
  readonly refersTo: readonly number[];
  /** Tasks of other jobs whose files it takes: the submitter must be allowed to see them. */
  readonly takesFrom?: readonly TaskId[];
}

/** A task of a plan with its id and the ids of its parents (see `place-tasks.ts`). */
export interface PlacedTask {
  readonly id: TaskId;
  readonly plan: TaskPlan;
  readonly parents: readonly { readonly kind: 'task' | 'array'; readonly id: TaskId }[];
}

export interface JobPlan {
  readonly name: string;
  readonly kind: string;
  readonly priority: number;
  readonly labels: Readonly<Record<string, string>>;
  /** JSON text of the request, or of the only task's body where they say the same (see `TaskPlan.body`). */
  readonly spec: string;
  readonly after: readonly JobId[];
  /** Jobs that must have ended, however, before anything begins. */
  readonly afterAny?: readonly JobId[];
  /** Not ended by then it is canceled. */
  readonly deadline?: Millis | null;
  /** At most so many of the tasks under this key at once; keys are the owner's own. */
  readonly limit?: LimitSpec;
  /** At most so many tasks under this key begin within an interval. */
  readonly rate?: RateSpec;
  /** Between whom the yard is shared out, where not between owners: the door's session. */
  readonly sharer?: string;
  readonly hold: boolean;
  readonly notBefore: Millis | null;
  readonly startOn: WorkerId | null;
  readonly tasks: readonly TaskPlan[];
}

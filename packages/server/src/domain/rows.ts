import type { Counts } from './counts.ts';
import type { BodyId, ClassId, JobId, Millis, SessionNumber, TaskId, WorkerId } from './ids.ts';
import type { ClassSpec } from './needs.ts';
import type { Reason } from './task.ts';

/** A counted, server-wide resource. `used` may stand above `total` after a resize: nothing starts until it has sunk. */
export interface Pool {
  readonly name: string;
  readonly total: number;
  readonly used: number;
}

/**
 * The pool of this name, where it exists, limits the slots of all tasks of a kind over the whole fleet without any task
 * naming it (Kueue's `global_max_parallel_jobs`).
 */
export const kindPool = (kind: string): string => `kind:${kind}`;

/**
 * What runs under the key of a limit is counted in a pool of this name, made with the first task and gone with the last; how
 * many there may be, each class says for itself.
 */
export const limitPool = (key: string): string => `${limitPrefix}${key}`;
export const limitPrefix = 'limit:';

/** Kept totals of all tasks of a kind that still exist: nothing is ever counted by scanning. */
export interface Tally {
  readonly kind: string;
  readonly counts: Counts;
  /** Ended attempts of ended tasks (`succeeded`, `failed`): how many, and their whole seconds of run time added up. */
  readonly finishedRuns: number;
  readonly finishedSeconds: number;
}

export interface InternedClass {
  readonly id: ClassId;
  readonly spec: ClassSpec;
}

/** The immutable part of a task (or the request of a job) as JSON text; see `TaskBody` in the SDK's task schema. */
export interface Body {
  readonly id: BodyId;
  readonly json: string;
}

/** A parent is a task, an array (by its first id) or a job; a child is a task or an array. */
export interface Edge {
  readonly parentKind: 'task' | 'array' | 'job';
  readonly parent: number;
  readonly childKind: 'task' | 'array';
  readonly child: TaskId;
  /** The parent has succeeded (with `any`: has ended) and was counted. */
  readonly done: boolean;
  /** However the parent ends, the child may begin. Absent: it must succeed. */
  readonly any?: true;
}

/** Keeps a task from a worker. `session: null`: whatever the session. `until: null`: for good (or for the session). */
export interface Exclusion {
  readonly task: TaskId;
  readonly worker: WorkerId;
  readonly session: SessionNumber | null;
  readonly until: Millis | null;
  /** `void`: an offer was withdrawn and the worker has not answered yet. */
  readonly why: 'rejected' | 'deferred' | 'failed' | 'void';
}

/** A worker may take no tasks of this kind of this job any more. */
export interface Block {
  readonly job: JobId;
  readonly worker: WorkerId;
  readonly kind: string;
  readonly at: Millis;
  /** When it ends; null: when it is forgiven. */
  readonly until: Millis | null;
}

/** How many tasks of this kind of this job a worker has failed, where the tasks' policy counts that. */
export interface Fault {
  readonly job: JobId;
  readonly worker: WorkerId;
  readonly kind: string;
  readonly failures: number;
}

/** Bulk work that is not finished: it is done page by page, in its own transactions, and goes on after a crash. */
export interface Sweep {
  /** What it is about, such as `stop 12`: asking for the same again begins it anew (an upsert). Worked off in the order of first asking. */
  readonly key: string;
  readonly work: SweepWork;
}

export type SweepWork =
  /** All tasks of a job from the cursor on: follow the job's intent. */
  | { readonly kind: 'stop'; readonly job: JobId; readonly kill: boolean; readonly after: TaskId; readonly reason?: Reason }
  | { readonly kind: 'hold'; readonly job: JobId; readonly after: TaskId }
  | { readonly kind: 'release'; readonly job: JobId; readonly after: TaskId }
  | { readonly kind: 'retry'; readonly job: JobId; readonly after: TaskId }
  | { readonly kind: 'priority'; readonly job: JobId; readonly priority: number; readonly after: TaskId }
  | {
      readonly kind: 'reclass';
      readonly job: JobId;
      readonly after: TaskId;
      readonly classes: readonly (readonly [ClassId, ClassId])[];
    }
  /** Tasks of an array that have rows of their own: a parent told the array something, they are brought in line with it. */
  | { readonly kind: 'members'; readonly job: JobId; readonly array: TaskId; readonly after: TaskId }
  /** Rows of a deleted job, tasks first, the job last. */
  | { readonly kind: 'purge'; readonly job: JobId }
  | {
      readonly kind: 'children';
      readonly parentKind: Edge['parentKind'];
      readonly parent: number;
      readonly tell: 'parent-succeeded' | 'parent-lost' | 'revive';
      readonly after: TaskId;
    }
  /** A worker is blocked in this job from now on: its tasks move into classes of their own. */
  | { readonly kind: 'own'; readonly job: JobId }
  /**
   * Who may try may have become fewer: what nobody is left for fails. With `class` only ready tasks of this class for which
   * nobody is present.
   */
  | { readonly kind: 'recheck'; readonly job: JobId; readonly class: ClassId | null; readonly after: TaskId }
  /** Everything a worker held in a session that is over: lost, or handed back unharmed. */
  | {
      readonly kind: 'lose';
      readonly worker: WorkerId;
      readonly session: SessionNumber;
      readonly after: TaskId;
      readonly giveBack?: boolean;
    };

/** Output of one attempt on one stream. Up to 4 KiB stand here, the rest in a file; `length` is the committed truth. */
export interface LogRow {
  readonly task: TaskId;
  readonly attempt: number;
  readonly stream: LogStream;
  /** Bytes that the peer sent in all. */
  readonly length: number;
  /** All of it while it is small; null once it lives in a file. */
  readonly inline: Uint8Array | null;
}
export type LogStream = 'out' | 'err' | 'log';
export const logStreams: readonly LogStream[] = ['out', 'err', 'log'];

export interface AuditRow {
  readonly at: Millis;
  readonly by: string;
  readonly name: string;
  readonly command: string;
  /** What it acted on, such as `job 12`. Never a secret. */
  readonly subject: string;
  readonly refusal: string | null;
}

import type { AttemptNumber, Millis, SessionNumber, TaskId, WorkerId } from './ids.ts';
import type { Reason } from './task.ts';

export type AttemptOutcome = 'succeeded' | 'failed' | 'canceled' | 'lost' | 'given-back' | 'stopped';

/** One file of a task's outputs, kept as a blob. `path` is relative to the task's working directory, with forward slashes. */
export interface Artifact {
  readonly path: string;
  /** SHA-256, 64 lower-case hex digits. */
  readonly blob: string;
  readonly size: number;
}

/** One run of one task on one worker. */
export interface Attempt {
  readonly task: TaskId;
  readonly number: AttemptNumber;
  readonly worker: WorkerId;
  /** Copied: the worker's row may be gone when somebody asks. */
  readonly workerName: string;
  readonly session: SessionNumber;
  /** Pools taken at the claim and not yet given back. */
  readonly pools: Readonly<Record<string, number>>;
  readonly startedAt: Millis;
  readonly endedAt: Millis | null;
  readonly outcome: AttemptOutcome | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: Reason | null;
  /** For people; at most 4 KiB. */
  readonly error: string | null;
  /** JSON text given by the worker; at most 64 KiB. */
  readonly result: string | null;
  readonly artifacts: readonly Artifact[];
}

/** Shown, never decided on; newest wins. Not stored with every report: a signal, plus the last one at the end. */
export interface Progress {
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly phase: string | null;
}

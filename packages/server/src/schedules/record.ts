import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Missed, Overlap } from '@switchyard/sdk/schedule.ts';
import type { JobId, Millis } from '../domain/ids.ts';

/** When it comes. `zone`: IANA name; times of the day are its. */
export type Timing =
  | { readonly cron: string; readonly at: null; readonly zone: string }
  | { readonly cron: null; readonly at: string; readonly zone: string };

export interface Run {
  readonly due: Millis;
  readonly at: Millis;
  readonly outcome: 'submitted' | 'skipped' | 'missed' | 'refused';
  readonly job: JobId | null;
  readonly text: string | null;
}

/** A schedule as kept: collection `schedule`, under its id. */
export interface Schedule {
  readonly name: string;
  /** Id of the principal whose rights its jobs have. */
  readonly owner: string;
  readonly timing: Timing;
  readonly overlap: Overlap;
  readonly missed: Missed;
  readonly withinMs: number | null;
  readonly job: JobRequest;
  readonly createdAt: Millis;
  readonly paused: { readonly at: Millis; readonly text: string } | null;
  /** Null: it comes no more. */
  readonly next: Millis | null;
  /** A run that is being handed in: written before its job, so that a crash in between is picked up, under the same key. */
  readonly pending: { readonly due: Millis; readonly at: Millis } | null;
  /** Jobs that had not ended when last looked at, oldest first. */
  readonly alive: readonly JobId[];
  /** Newest first. */
  readonly runs: readonly Run[];
}

export interface KeptSchedule extends Schedule {
  readonly id: number;
}

export const runsKept = 20;

export const withRun = (schedule: Schedule, run: Run): Schedule => ({
  ...schedule,
  runs: [run, ...schedule.runs].slice(0, runsKept),
});

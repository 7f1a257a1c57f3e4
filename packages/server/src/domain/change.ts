import type { JobId, Millis, TaskId, WorkerId } from './ids.ts';

/**
 * The kinds of committed facts, with what each carries in `data`. One row, one name for API, tests and docs (`subject.verb`).
 * A worker's or a task's live values are signals, not changes.
 */
export const changeKinds = {
  'job.created': 'a job was accepted: {name, kind, state, counts}',
  'job.changed': 'its state, intent or priority changed: {state, intent, priority, counts}',
  'job.deleted': 'it was removed for good',
  'array.changed': 'the unclaimed part of an array moved as one: {state, from, size}',
  'task.changed': 'a task moved: {state, from, attempt, worker, reason, exitCode}',
  'worker.created': 'a worker registered: {name, kinds, tags}',
  'worker.changed':
    'its status, mode, what is wanted of it, its gate or its tags changed: {status, mode, wanted, gate, tags, name}',
  'worker.deleted': 'it was forgotten',
  'worker.blocked': 'it may take no tasks of a kind of a job for now: {kind, until, failures}; failures 0: by hand',
  'worker.forgiven': 'it may again: {kind}; null: whatever it was blocked for',
  'pool.changed': 'a pool was made, resized or removed: {total, used}',
} as const;
export type ChangeKind = keyof typeof changeKinds;

/** As a procedure makes it; the store adds the number. */
export interface NewChange {
  readonly kind: ChangeKind;
  readonly job: JobId | null;
  readonly task: TaskId | null;
  readonly worker: WorkerId | null;
  /** Owner of the job, so that feeds can be cut to what a principal may see. */
  readonly owner: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Change extends Omit<NewChange, 'data'> {
  readonly number: number;
  readonly at: Millis;
  /** `data` as JSON text: made once, sent as it is. */
  readonly json: string;
}

import type { AttemptNumber, TaskId } from '../../domain/ids.ts';

/**
 * A print's id on this wire: its task and attempt, spelled as a UUID, so that nothing has to be remembered for it.
 * `mark`: eight hex digits of this installation, so that agents never take a print of one yard for that of another.
 */
export interface JobIds {
  of(task: TaskId, attempt: AttemptNumber): string;
  /** Null: none of ours. */
  read(text: string): { readonly task: TaskId; readonly attempt: AttemptNumber } | null;
}

export function jobIdsOf(mark: string): JobIds {
  if (!/^[0-9a-f]{8}$/.test(mark)) throw new Error('the mark of job ids must be eight hex digits');
  const form = new RegExp(`^${mark}-([0-9a-f]{4})-4000-8000-([0-9a-f]{12})$`);
  return {
    of: (task, attempt) => `${mark}-${attempt.toString(16).padStart(4, '0')}-4000-8000-${task.toString(16).padStart(12, '0')}`,
    read(text) {
      const [, attempt, task] = form.exec(text.toLowerCase()) ?? [];
      return attempt === undefined || task === undefined
        ? null
        : { task: Number.parseInt(task, 16), attempt: Number.parseInt(attempt, 16) };
    },
  };
}

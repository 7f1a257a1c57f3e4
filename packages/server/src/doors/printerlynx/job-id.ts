import type { AttemptNumber, TaskId } from '../../domain/ids.ts';

/** Ours to know again; random once. */
const mark = '5117c4a2';
const form = new RegExp(`^${mark}-([0-9a-f]{4})-4000-8000-([0-9a-f]{12})$`);

/** A print's id on this wire: its task and attempt, spelled as a UUID, so that nothing has to be remembered for it. */
export function jobUuid(task: TaskId, attempt: AttemptNumber): string {
  return `${mark}-${attempt.toString(16).padStart(4, '0')}-4000-8000-${task.toString(16).padStart(12, '0')}`;
}

export function readJobUuid(text: string): { readonly task: TaskId; readonly attempt: AttemptNumber } | null {
  const [, attempt, task] = form.exec(text.toLowerCase()) ?? [];
  return attempt === undefined || task === undefined
    ? null
    : { task: Number.parseInt(task, 16), attempt: Number.parseInt(attempt, 16) };
}

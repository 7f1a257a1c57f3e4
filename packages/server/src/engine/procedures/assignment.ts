import type { Task } from '../../domain/task.ts';
import type { Assignment } from '../commands.ts';
import type { Draft } from './draft.ts';

/** What a worker's door needs to know of a task. The task's job and class have been read. */
export function assignmentOf(
  draft: Draft,
  task: Task,
  of: { body: string; value: string | null; checkpoint: string | null },
): Assignment {
  const { amounts, pools } = draft.class(task.class).spec;
  const { name, owner } = draft.job(task.job);
  return { task, jobName: name, owner, amounts, pools, ...of };
}

/** The number that stands for the index of an array without items. */
export function indexValue(draft: Draft, task: Task): string | null {
  if (task.array === null || task.index === null) return null;
  const { items, first, step } = draft.array(task.array);
  return items ? null : String(first + task.index * step);
}

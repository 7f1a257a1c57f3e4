import type { Task } from '../../domain/task.ts';
import type { Assignment } from '../commands.ts';
import type { Draft } from './draft.ts';

/** What a worker's door needs to know of a task. The task's job and class have been read. */
export function assignmentOf(
  draft: Draft,
  task: Task,
  of: { body: string; value: string | null; checkpoint: string | null },
): Assignment {
  const { spec } = draft.class(task.class);
  const job = draft.job(task.job);
  return { task, jobName: job.name, owner: job.owner, amounts: spec.amounts, pools: spec.pools, ...of };
}

import type { JobIntent } from '../../domain/job.ts';
import type { TaskArray } from '../../domain/task.ts';
import type { TaskCore } from '../../domain/task-machine.ts';

/** How many tasks the unclaimed rest of an array stands for. */
export function restOf(array: TaskArray): number {
  return array.size - array.next - array.holes;
}

/** The rest as the machine sees it: as one task that was never begun. */
export function restCore(array: TaskArray, intent: JobIntent): TaskCore {
  const { rest: state, parentsLeft, policy } = array;
  return { state, parentsLeft, attempt: 0, failures: 0, losses: 0, policy, intent };
}

import { type Refusal, refuse } from '../../domain/errors.ts';
import { isFinal, type Job } from '../../domain/job.ts';
import type { Edge } from '../../domain/rows.ts';
import { isEnded, type Task, type TaskArray } from '../../domain/task.ts';

export interface Parents {
  readonly tasks: readonly Task[];
  readonly arrays: readonly TaskArray[];
  readonly jobs: readonly Job[];
}

/** Which parents these edges lead from that have not succeeded. */
export function waitedFor(edges: readonly Edge[], kind: Edge['parentKind']): number[] {
  return edges.filter(({ parentKind, done }) => parentKind === kind && !done).map(({ parent }) => parent);
}

/**
 * A task that waits for something that has ended badly would wait for ever: it is not tried again before that is. Null: nothing
 * is in its way. `left`: parents that it still counts on; what has no edge any more was deleted.
 */
export function lostParent(of: string, edges: readonly Edge[], left: number, parents: Parents): { refusal: Refusal } | null {
  const wrong = (what: string): { refusal: Refusal } => refuse('wrong_state', `${of} depends on ${what}`);
  for (const { id, state } of parents.tasks) {
    if (isEnded(state) && state.state !== 'succeeded') return wrong(`task ${id}, which is ${state.state}: try that again first`);
  }
  for (const { id, lost } of parents.arrays) {
    if (lost > 0) return wrong(`array ${id}, of which ${lost} tasks are failed or canceled: try those again first`);
  }
  const any = new Set(edges.filter((edge) => edge.any && edge.parentKind === 'job').map(({ parent }) => parent));
  for (const { id, state } of parents.jobs) {
    if (!any.has(id) && isFinal(state) && state !== 'succeeded')
      return wrong(`job ${id}, which is ${state}: try that again first`);
  }
  if (edges.filter(({ done }) => !done).length < left) return wrong('a job that has been deleted: submit it anew');
  return null;
}

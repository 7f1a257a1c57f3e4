import type { AttemptNumber, TaskId } from './ids.ts';
import { isRunningLike, type Task } from './task.ts';

/** An attempt that a worker says it holds when it comes back. */
export interface Reported {
  readonly task: TaskId;
  readonly attempt: AttemptNumber;
  /** It is over already; its report follows. */
  readonly ended?: boolean;
}

type Held = Pick<Task, 'id' | 'attempt' | 'state'>;

export interface Reconciled<T extends Held> {
  /** Live attempts that the worker still has: they go on in its new session. */
  readonly adopt: readonly T[];
  /** Of these, the ones whose last word (stop, suspend) may not have arrived: say it again. */
  readonly tell: readonly T[];
  /** Live attempts that the worker knows nothing of: event `lose`. */
  readonly lost: readonly T[];
  /** Offers of the old session: nothing of them has run; event `lose`, or the offer is made again in the new session. */
  readonly again: readonly T[];
  /** What the worker has and should not: it must end these and report nothing. */
  readonly unknown: readonly Reported[];
}

/**
 * What to do when a worker comes back and names its attempts. `held`: the tasks that the server believes to be with it.
 * Each held task lands in one of `adopt`, `lost`, `again`; each reported attempt is adopted or `unknown`. Both in the order given.
 */
export function reconcile<T extends Held>(held: readonly T[], reported: readonly Reported[]): Reconciled<T> {
  const said = new Map<string, Reported>();
  for (const one of reported) said.set(nameOf(one.task, one.attempt), one);
  const adopt: T[] = [];
  const tell: T[] = [];
  const lost: T[] = [];
  const again: T[] = [];
  for (const task of held) {
    if (task.state.state === 'offered') again.push(task);
    if (!isRunningLike(task.state)) continue;
    const name = nameOf(task.id, task.attempt);
    const one = said.get(name);
    if (one === undefined) {
      lost.push(task);
      continue;
    }
    said.delete(name);
    adopt.push(task);
    if (task.state.state !== 'running' && one.ended !== true) tell.push(task);
  }
  return { adopt, tell, lost, again, unknown: [...said.values()] };
}

const nameOf = (task: TaskId, attempt: AttemptNumber): string => `${task}.${attempt}`;

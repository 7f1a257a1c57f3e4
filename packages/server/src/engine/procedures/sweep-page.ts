import type { JobId, TaskId } from '../../domain/ids.ts';
import type { SweepWork } from '../../domain/rows.ts';
import type { Task, TaskArray, TaskStateName } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { type ReadSet, type ResultsOf, read } from '../../ports/store.ts';
import { restOf } from './array-rest.ts';
import type { Draft } from './draft.ts';
import { loadAround } from './rounds.ts';
import { sweepKey } from './sweep-key.ts';
import type { Reading } from './types.ts';

/**
 * Rows per page. One row may write its task, attempt, job, exclusion and worker, and two sweeps for children; 2,000 writes are
 * the limit.
 */
export const pageRows = 250;

/** A bulk move over a job's tasks. */
export type JobWork = Exclude<Extract<SweepWork, { after: TaskId; job: JobId }>, { kind: 'members' | 'recheck' }>;

export interface SweptPage {
  readonly tasks: readonly Task[];
  /** Arrays whose rest moves with this page: all of them, with the first. */
  readonly arrays: readonly TaskArray[];
}

/** Which tasks a bulk move looks at; null: all. */
const statesOf: Readonly<Record<JobWork['kind'], readonly TaskStateName[] | null>> = {
  stop: ['waiting', 'ready', 'offered', 'running', 'suspended', 'stopping'],
  hold: ['waiting', 'ready', 'offered'],
  release: ['waiting'],
  retry: ['failed', 'canceled'],
  // What a worker holds takes the job's priority when it comes back.
  priority: ['waiting', 'ready'],
  // Held and ended ones too: they may come back.
  reclass: null,
};

/** One page of a bulk move (two rounds). Puts the sweep for what is left, or drops it. */
export function* sweepPage(draft: Draft, work: JobWork): Reading<{ moved: number; more: boolean }> {
  const { page } = yield* readPage(work, {});
  yield* loadAround(draft, page.tasks, page.arrays);
  return movePage(draft, work, page);
}

/** Round one of a page. `also` is read in the same round and handed back. */
export function* readPage<const S extends ReadSet>(work: JobWork, also: S): Reading<{ page: SweptPage; also: ResultsOf<S> }> {
  const states = statesOf[work.kind];
  const got = yield* read({
    tasks: { read: 'tasksOf', of: { job: work.job, after: work.after, states, limit: pageRows } },
    arrays: { read: 'arraysOf', of: work.job },
    ...also,
  });
  const { tasks, arrays } = got;
  return { page: { tasks, arrays: work.after === 0 ? arrays : [] }, also: got as unknown as ResultsOf<S> };
}

export function movePage(draft: Draft, work: JobWork, { tasks, arrays }: SweptPage): { moved: number; more: boolean } {
  let moved = 0;
  for (const array of arrays) if (moveRest(draft, array, work)) moved += restOf(array);
  for (const task of tasks) if (moveTask(draft, task, work)) moved += 1;
  const last = tasks.at(-1);
  const more = tasks.length === pageRows && last !== undefined;
  if (more) draft.sweep({ ...work, after: last.id });
  else draft.write({ drop: 'sweep', key: sweepKey(work) });
  return { moved, more };
}

function eventOf(work: Exclude<JobWork, { kind: 'priority' | 'reclass' }>): TaskEvent {
  switch (work.kind) {
    case 'stop':
      return { event: 'stop', goal: 'canceled', reason: work.reason ?? 'user', kill: work.kill };
    case 'hold':
    case 'release':
    case 'retry':
      return { event: work.kind };
    default:
      return unreachable(work);
  }
}

function moveTask(draft: Draft, task: Task, work: JobWork): boolean {
  if (work.kind === 'priority') {
    draft.putTask({ ...task, jobPriority: work.priority });
    return true;
  }
  if (work.kind === 'reclass') {
    const to = newClass(draft, task.class, work);
    if (to !== null) draft.putTask({ ...task, class: to });
    return to !== null;
  }
  if (work.kind === 'retry') draft.forgiveTask(task.id);
  return draft.step(task.id, eventOf(work)) === null;
}

function moveRest(draft: Draft, array: TaskArray, work: JobWork): boolean {
  if (work.kind === 'priority') {
    draft.putArray({ ...array, jobPriority: work.priority });
    return true;
  }
  if (work.kind === 'reclass') {
    const to = newClass(draft, array.class, work);
    if (to !== null) draft.putArray({ ...array, class: to });
    return to !== null;
  }
  return restOf(array) > 0 && draft.stepRest(array.id, eventOf(work)) === null;
}

/** Both are woken: in the old class nobody stands before the others any more. */
function newClass(draft: Draft, from: number, work: JobWork & { kind: 'reclass' }): number | null {
  const to = work.classes.find(([old]) => old === from)?.[1];
  if (to === undefined) return null;
  draft.wakeClass(from);
  draft.wakeClass(to);
  return to;
}

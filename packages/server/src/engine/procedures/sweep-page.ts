import type { JobId, TaskId } from '../../domain/ids.ts';
import type { SweepWork } from '../../domain/rows.ts';
import type { Task, TaskArray, TaskStateName } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { loadAround } from './rounds.ts';
import { sweepKey } from './sweep-key.ts';
import type { Reading } from './types.ts';

/** Rows per page: each may write task, attempt, exclusion and children's sweep, and 2,000 writes are the limit. */
export const pageRows = 400;

type JobWork = Extract<SweepWork, { after: TaskId; job: JobId }>;

/** Which tasks a bulk move looks at. */
const statesOf: Readonly<Record<JobWork['kind'], readonly TaskStateName[]>> = {
  stop: ['waiting', 'ready', 'offered', 'running', 'suspended', 'stopping'],
  hold: ['waiting', 'ready', 'offered'],
  release: ['waiting'],
  retry: ['failed', 'canceled'],
  priority: ['waiting', 'ready'],
  reclass: ['waiting', 'ready'],
  built: [],
};

/** One page of a bulk move over a job's tasks (two rounds). Puts the sweep for what is left, or drops it. */
export function* sweepPage(draft: Draft, work: SweepWork): Reading<{ moved: number; more: boolean }> {
  if (!('after' in work) || !('job' in work)) throw new Error(`${work.kind} is not a move over a job's tasks`);
  const { tasks, arrays } = yield* read({
    tasks: { read: 'tasksOf', of: { job: work.job, after: work.after, states: statesOf[work.kind], limit: pageRows } },
    arrays: { read: 'arraysOf', of: work.job },
  });
  const rests = work.after === 0 ? arrays : [];
  yield* loadAround(draft, tasks, rests);
  let moved = 0;
  for (const array of rests) if (moveRest(draft, array, work)) moved += Draft.restOf(array);
  for (const task of tasks) if (moveTask(draft, task, work)) moved += 1;
  const last = tasks.at(-1);
  const more = tasks.length === pageRows && last !== undefined;
  if (more) draft.sweep({ ...work, after: last.id });
  else draft.write({ drop: 'sweep', key: sweepKey(work) });
  return { moved, more };
}

function eventOf(work: JobWork): TaskEvent | null {
  switch (work.kind) {
    case 'stop':
      return { event: 'stop', goal: 'canceled', reason: 'user', kill: work.kill };
    case 'hold':
      return { event: 'hold' };
    case 'release':
      return { event: 'release' };
    case 'retry':
      return { event: 'retry' };
    case 'priority':
    case 'reclass':
    case 'built':
      return null;
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
    const to = work.classes.find(([from]) => from === task.class)?.[1];
    if (to === undefined) return false;
    draft.putTask({ ...task, class: to });
    draft.wakeClass(to);
    return true;
  }
  const event = eventOf(work);
  if (event === null) return false;
  if (work.kind === 'retry') draft.write({ drop: 'exclusions', task: task.id });
  return draft.step(task.id, event) === null;
}

function moveRest(draft: Draft, array: TaskArray, work: JobWork): boolean {
  if (work.kind === 'priority') {
    draft.putArray({ ...array, jobPriority: work.priority });
    return true;
  }
  if (work.kind === 'reclass') {
    const to = work.classes.find(([from]) => from === array.class)?.[1];
    if (to === undefined) return false;
    draft.putArray({ ...array, class: to });
    draft.wakeClass(to);
    return true;
  }
  const event = eventOf(work);
  return event !== null && Draft.restOf(array) > 0 && draft.stepRest(array.id, event) === null;
}

import type { TaskId } from '../../domain/ids.ts';
import type { Sweep, SweepWork } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { read } from '../../ports/store.ts';
import { restOf } from './array-rest.ts';
import { tellChildren, tellMembers } from './children.ts';
import { Draft } from './draft.ts';
import { ownClasses } from './own-classes.ts';
import { recheck } from './recheck.ts';
import { finish, loadAround } from './rounds.ts';
import { pageRows, sweepPage } from './sweep-page.ts';
import type { ProcedureOf, Reading } from './types.ts';
import { dropIfForgotten } from './worker-rows.ts';

/** One page of the oldest bulk work that is not finished. `more`: call again. */
export const sweep: ProcedureOf<'sweep'> = function* (_input, context) {
  const { sweeps } = yield* read({ sweeps: { read: 'sweep', of: { limit: 2 } } });
  const [first, second] = sweeps;
  const draft = new Draft(context);
  if (first === undefined) return draft.done({ worked: 0, more: false, dropped: [] });
  const dropped: TaskId[] = [];
  const worked = yield* workOn(draft, first, dropped);
  return yield* finish(draft, () => ({ worked, more: second !== undefined || draft.sweeping, dropped }), false);
};

type Work<K extends SweepWork['kind']> = Extract<SweepWork, { kind: K }>;

function* workOn(draft: Draft, { key, work }: Sweep, dropped: TaskId[]): Reading<number> {
  switch (work.kind) {
    case 'children':
      return yield* tellChildren(draft, key, work);
    case 'members':
      return yield* tellMembers(draft, key, work);
    case 'purge':
      return yield* purge(draft, key, work, dropped);
    case 'lose':
      return yield* lose(draft, key, work);
    case 'own':
      return yield* ownClasses(draft, key, work);
    case 'recheck':
      return yield* recheck(draft, key, work);
    case 'stop':
    case 'hold':
    case 'release':
    case 'retry':
    case 'priority':
    case 'reclass': {
      const { moved } = yield* sweepPage(draft, work);
      return moved;
    }
    default:
      return unreachable(work);
  }
}

/** What a session held is lost, by the policy of each task. */
function* lose(draft: Draft, key: string, work: Work<'lose'>): Reading<number> {
  const { worker, session, after } = work;
  const got = yield* read({
    tasks: { read: 'heldBy', of: { worker, session, after, limit: pageRows } },
    worker: { read: 'worker', of: worker },
  });
  draft.load({ workers: [got.worker] });
  yield* loadAround(draft, got.tasks);
  for (const task of got.tasks) letGo(draft, task, work);
  const last = got.tasks.at(-1);
  if (got.tasks.length === pageRows && last !== undefined) draft.sweep({ ...work, after: last.id });
  else {
    draft.write({ drop: 'sweep', key });
    dropIfForgotten(draft, worker);
  }
  return got.tasks.length;
}

function letGo(draft: Draft, { id, state }: Task, { session, giveBack = false }: Work<'lose'>): void {
  if (!giveBack || state.state === 'offered') draft.step(id, { event: 'lose', candidates: null });
  else draft.step(id, { event: 'give-back', by: { session, attempt: null }, how: 'free', candidates: null });
}

/** Rows of a deleted job: tasks first, then arrays, the job last. Nothing of it is alive any more. */
function* purge(draft: Draft, key: string, work: Work<'purge'>, dropped: TaskId[]): Reading<number> {
  const got = yield* read({
    job: { read: 'job', of: work.job },
    arrays: { read: 'arraysOf', of: work.job },
    tasks: { read: 'tasksOf', of: { job: work.job, after: 0, states: null, limit: pageRows } },
  });
  const kinds = [...new Set([...got.tasks, ...got.arrays].map(({ kind }) => kind))];
  const { tallies } = yield* read({ tallies: { read: 'tallies', of: kinds } });
  draft.load({ tallies });
  purgeTasks(draft, got.tasks, dropped);
  if (got.tasks.length === pageRows) {
    draft.sweepsRemain();
    return got.tasks.length;
  }
  for (const array of got.arrays) purgeArray(draft, array);
  if (got.job !== null) draft.write({ drop: 'job', id: got.job.id });
  draft.write({ drop: 'sweep', key });
  return got.tasks.length + got.arrays.length;
}

function purgeTasks(draft: Draft, tasks: readonly Task[], dropped: TaskId[]): void {
  for (const task of tasks) {
    draft.forgetTask(task);
    if (task.attempt > 0) dropped.push(task.id);
  }
  if (tasks.length > 0) draft.write({ drop: 'tasks', ids: tasks.map(({ id }) => id) });
}

function purgeArray(draft: Draft, array: TaskArray): void {
  draft.tallyAdded(array.kind, array.rest.state, -restOf(array));
  draft.write({ drop: 'array', id: array.id });
}

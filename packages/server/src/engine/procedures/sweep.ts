import type { TaskId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Sweep, SweepWork } from '../../domain/rows.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { type ChildRow, read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { finish, loadAround } from './rounds.ts';
import { pageRows, sweepPage } from './sweep-page.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';
import { dropIfForgotten } from './worker-rows.ts';

interface Worked {
  readonly worked: number;
  readonly more: boolean;
}

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

function* workOn(draft: Draft, { key, work }: Sweep, dropped: TaskId[]): Reading<number> {
  switch (work.kind) {
    case 'children':
      return yield* tellChildren(draft, key, work);
    case 'purge':
      return yield* purge(draft, key, work, dropped);
    case 'lose':
      return yield* lose(draft, key, work);
    case 'stop':
    case 'hold':
    case 'release':
    case 'retry':
    case 'priority':
    case 'reclass':
    case 'built': {
      const { moved } = yield* sweepPage(draft, work);
      return moved;
    }
    default:
      return unreachable(work);
  }
}

type Work<K extends SweepWork['kind']> = Extract<SweepWork, { kind: K }>;

/** A parent has succeeded, is lost, or is tried again: its children learn of it. */
function* tellChildren(draft: Draft, key: string, work: Work<'children'>): Reading<number> {
  const of = { kind: work.parentKind, parent: work.parent, after: work.after, limit: pageRows };
  const { rows } = yield* read({ rows: { read: 'childRows', of } });
  const tasks = rows.flatMap(({ task }) => (task === null ? [] : [task]));
  const arrays = rows.flatMap(({ array }) => (array === null ? [] : [array]));
  yield* loadAround(draft, tasks, arrays);
  for (const row of rows) tellChild(draft, row, work.tell);
  const last = rows.at(-1);
  // Done edges are not read again: after a success the cursor need not move, but it saves looking.
  if (rows.length === pageRows && last !== undefined) draft.sweep({ ...work, after: last.edge.child });
  else draft.write({ drop: 'sweep', key });
  return rows.length;
}

function tellChild(draft: Draft, { edge, task, array, lostParents }: ChildRow, tell: Work<'children'>['tell']): void {
  if (tell === 'revive' && lostParents > 0) return;
  if (tell === 'parent-succeeded') draft.write({ put: 'edge', row: { ...edge, done: true }, fresh: false });
  const event: TaskEvent = { event: tell };
  if (task !== null) draft.step(task.id, event);
  if (array !== null) draft.stepRest(array.id, event);
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
  for (const task of got.tasks) draft.step(task.id, { event: 'lose', candidates: null });
  const last = got.tasks.at(-1);
  if (got.tasks.length === pageRows && last !== undefined) draft.sweep({ ...work, after: last.id });
  else {
    draft.write({ drop: 'sweep', key });
    dropIfForgotten(draft, worker);
  }
  return got.tasks.length;
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
  for (const task of got.tasks) {
    draft.forgetTask(task);
    if (task.attempt > 0) dropped.push(task.id);
  }
  if (got.tasks.length > 0) draft.write({ drop: 'tasks', ids: got.tasks.map(({ id }) => id) });
  if (got.tasks.length === pageRows) {
    draft.sweepsRemain();
    return got.tasks.length;
  }
  for (const array of got.arrays) {
    draft.tallyAdded(array.kind, array.rest.state, -Draft.restOf(array));
    draft.write({ drop: 'array', id: array.id });
  }
  if (got.job !== null) draft.write({ drop: 'job', id: (got.job satisfies Job).id });
  draft.write({ drop: 'sweep', key });
  return got.tasks.length + got.arrays.length;
}

/** What has become due: start times and back-offs, offers that nobody answered. */
export const due: ProcedureOf<'due'> = function* ({ limit }, context): Reading<ProcedureResult<Worked & { moved: number }>> {
  const page = Math.min(limit, pageRows);
  const got = yield* read({ due: { read: 'due', of: { now: context.now, limit: page } } });
  const { tasks, arrays, offers } = got.due;
  const draft = new Draft(context);
  yield* loadAround(draft, [...tasks, ...offers], arrays);
  for (const { id } of tasks) draft.step(id, { event: 'due' });
  for (const { id } of arrays) draft.stepRest(id, { event: 'due' });
  for (const { id, state } of offers) {
    if (state.state === 'offered') draft.step(id, { event: 'decline', session: state.session, how: 'expire' });
  }
  const moved = tasks.length + arrays.length + offers.length;
  const more = Math.max(tasks.length, arrays.length, offers.length) === page;
  return yield* finish(draft, () => ({ moved, worked: moved, more }), false);
};

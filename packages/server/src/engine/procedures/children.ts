import type { SweepWork } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { type ChildRow, read } from '../../ports/store.ts';
import type { Draft } from './draft.ts';
import { lostParent, waitedFor } from './lost-parents.ts';
import { loadAround } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { Reading } from './types.ts';

type Work<K extends SweepWork['kind']> = Extract<SweepWork, { kind: K }>;

/** A parent has succeeded, is lost, or is tried again: its children learn of it. */
export function* tellChildren(draft: Draft, key: string, work: Work<'children'>): Reading<number> {
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

/** What it is told may be overtaken: a parent lost and tried again in the meantime is not lost. */
function tellChild(draft: Draft, { edge, task, array, lostParents }: ChildRow, told: Work<'children'>['tell']): void {
  // To who waits for its end alone it is all the same how it ended.
  const tell = edge.any && told === 'parent-lost' ? 'parent-succeeded' : told;
  if (tell === 'revive' && (lostParents > 0 || edge.any)) return;
  if (tell === 'parent-lost' && lostParents === 0) return;
  if (tell === 'parent-succeeded') draft.write({ put: 'edge', row: { ...edge, done: true }, fresh: false });
  if (task !== null) draft.step(task.id, { event: tell });
  if (array === null) return;
  draft.stepRest(array.id, { event: tell });
  const { id, job, next, holes } = array;
  if (next + holes > 0) draft.sweep({ kind: 'members', job, array: id, after: 0 });
}

/** Somebody acted on single tasks of an array that waits: they follow what their array was told. */
export function* tellMembers(draft: Draft, key: string, work: Work<'members'>): Reading<number> {
  const after = Math.max(work.after, work.array - 1);
  const got = yield* read({
    rows: { read: 'tasksOf', of: { job: work.job, after, states: null, limit: pageRows } },
    arrays: { read: 'arrays', of: [work.array] },
    edges: { read: 'parentsOf', of: { kind: 'array', child: work.array } },
  });
  const [array] = got.arrays;
  const members = got.rows.filter((task) => task.array === work.array);
  const parents = yield* loadAround(draft, members, [], [], {
    tasks: { read: 'tasks', of: waitedFor(got.edges, 'task') },
    arrays: { read: 'arrays', of: waitedFor(got.edges, 'array') },
    jobs: { read: 'jobs', of: waitedFor(got.edges, 'job') },
  });
  if (array !== undefined) {
    const lost = lostParent('', got.edges, array.parentsLeft, parents) !== null;
    for (const task of members) follow(draft, task, array, lost);
  }
  const last = members.at(-1);
  if (members.length === pageRows && last !== undefined) draft.sweep({ ...work, after: last.id });
  else draft.write({ drop: 'sweep', key });
  return members.length;
}

/** Compares instead of counting events, so that doing it twice changes nothing. */
function follow(draft: Draft, { id, parentsLeft }: Task, array: TaskArray, lost: boolean): void {
  for (let left = parentsLeft; left > array.parentsLeft; left--) {
    if (draft.step(id, { event: 'parent-succeeded' }) !== null) return;
  }
  if (draft.task(id).parentsLeft > 0) draft.step(id, { event: lost ? 'parent-lost' : 'revive' });
}

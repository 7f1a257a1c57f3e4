import type { TaskId } from '../../domain/ids.ts';
import type { Task } from '../../domain/task.ts';
import { type ReadRequest, read } from '../../ports/store.ts';
import type { Assignment } from '../commands.ts';
import { assignmentOf, indexValue } from './assignment.ts';
import type { Pick } from './choose.ts';
import type { Draft } from './draft.ts';
import type { Reading } from './types.ts';

export interface Chosen {
  /** Ids among the chosen indices that have a row already. */
  readonly standing: ReadonlySet<TaskId>;
  assignment(draft: Draft, id: TaskId): Assignment;
}

const unique = (ids: readonly number[]): number[] => [...new Set(ids)];

/** Everything that the chosen tasks need to begin, in the one round that is left. */
export function* loadChosen(draft: Draft, chosen: readonly Pick[]): Reading<Chosen> {
  const tasks = chosen.flatMap((pick) => ('task' in pick ? [pick.task] : []));
  const indices = chosen.flatMap((pick) => ('array' in pick ? [pick] : []));
  const arrays = unique(indices.map(({ array }) => array)).map((id) => draft.array(id));
  const rows = [...tasks, ...arrays];
  const tried = tasks.filter(({ attempt }) => attempt > 0);
  const named: Record<string, ReadRequest> = {};
  for (const { id, attempt } of tried) named[`attempt${id}`] = { read: 'attempt', of: { task: id, number: attempt } };
  for (const { id, array, index } of tasks) {
    if (array !== null && index !== null) named[`item${id}`] = { read: 'items', of: { array, from: index, n: 1 } };
  }
  for (const { id, items, next } of arrays) {
    const n = indices.filter(({ array }) => array === id).length;
    if (items) named[`items${id}`] = { read: 'items', of: { array: id, from: next, n } };
  }
  const got = yield* read({
    ...named,
    bodies: { read: 'bodies', of: unique(rows.map(({ body }) => body)) },
    jobs: { read: 'jobs', of: unique(rows.map(({ job }) => job)) },
    classes: { read: 'classes', of: unique(rows.map((row) => row.class)) },
    tallies: { read: 'tallies', of: [...new Set(rows.map(({ kind }) => kind))] },
    arrays: { read: 'arrays', of: unique(tasks.flatMap(({ array }) => (array === null ? [] : [array]))) },
    checkpoints: { read: 'checkpoints', of: tried.map(({ id }) => id) },
    standing: { read: 'tasks', of: indices.map(({ array, index }) => array + index) },
  });
  const found = got as unknown as Record<string, never>;
  draft.load({ tasks, arrays: got.arrays, jobs: got.jobs, classes: got.classes, tallies: got.tallies });
  draft.load({ attempts: tried.map(({ id }) => found[`attempt${id}`]) });
  const bodies = new Map(got.bodies.map(({ id, json }) => [id, json]));
  const checkpoints = new Map(got.checkpoints.map(({ task, json }) => [task, json]));
  const items = itemsOf(found, tasks, arrays);
  return {
    standing: new Set(got.standing.map(({ id }) => id)),
    assignment(of, id) {
      const task = of.task(id);
      const value = items.get(id) ?? indexValue(of, task);
      return assignmentOf(of, task, { body: bodies.get(task.body) ?? '{}', value, checkpoint: checkpoints.get(id) ?? null });
    },
  };
}

function itemsOf(
  found: Readonly<Record<string, readonly string[]>>,
  tasks: readonly Task[],
  arrays: readonly { id: TaskId; next: number }[],
): ReadonlyMap<TaskId, string> {
  const items = new Map<TaskId, string>();
  for (const { id } of tasks) {
    const [value] = found[`item${id}`] ?? [];
    if (value !== undefined) items.set(id, value);
  }
  for (const { id, next } of arrays) {
    for (const [i, value] of (found[`items${id}`] ?? []).entries()) items.set(id + next + i, value);
  }
  return items;
}

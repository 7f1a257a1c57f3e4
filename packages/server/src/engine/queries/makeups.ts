import type { TaskId } from '../../domain/ids.ts';
import { nothing } from '../../domain/needs.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Queries } from '../../ports/store.ts';
import type { TaskMakeup } from '../queries.ts';

/** Bodies, needs and array values of many tasks: each body, class and array is read once. Tasks gone meanwhile have an empty body. */
export async function readMakeups(
  query: Pick<Queries, 'bodies' | 'classes' | 'array' | 'item'>,
  tasks: readonly Task[],
): Promise<ReadonlyMap<TaskId, TaskMakeup>> {
  const unique = (ids: readonly number[]): number[] => [...new Set(ids)];
  const arrayIds = unique(tasks.flatMap(({ array }) => (array === null ? [] : [array])));
  const [bodies, classes, arrays] = await Promise.all([
    query.bodies(unique(tasks.map(({ body }) => body))),
    query.classes(unique(tasks.map((task) => task.class))),
    Promise.all(arrayIds.map((id) => query.array(id))),
  ]);
  const specs = new Map(classes.map(({ id, spec }) => [id, spec]));
  const byId = new Map(arrays.flatMap((array) => (array === null ? [] : [[array.id, array] as const])));
  const values = await Promise.all(tasks.map(async (task) => shownValue(query, task, byId)));
  return new Map(
    tasks.map((task, i) => {
      const spec = specs.get(task.class);
      const makeup = { body: bodies.get(task.body) ?? '{}', value: values[i] ?? null };
      return [task.id, { ...makeup, amounts: spec?.amounts ?? nothing, pools: spec?.pools ?? {} }];
    }),
  );
}

function shownValue(
  query: Pick<Queries, 'item'>,
  { array, index }: Task,
  arrays: ReadonlyMap<TaskId, TaskArray>,
): Promise<string | null> | string | null {
  const row = array === null ? undefined : arrays.get(array);
  if (row === undefined || index === null) return null;
  return row.items ? query.item(row.id, index) : String(row.first + index * row.step);
}

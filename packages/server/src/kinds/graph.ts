import { GraphSpec as GraphSchema, type GraphSpec, type GraphTask } from '@switchyard/sdk/task-spec.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { KindRow } from './kind-row.ts';
import { parentsFirst } from './order.ts';
import { type NamedTask, parentsOf } from './parents.ts';
import { planShell, shellName } from './shell-task.ts';

/** Shell tasks (and arrays of them) that depend on each other. */
export const graph: KindRow = {
  text: 'shell tasks with dependencies, arrays among them',
  spec: GraphSchema,
  compile(given) {
    const { tasks } = given as GraphSpec;
    const parents = parentsOf(tasks.map(namedTask));
    if (parents.refusal !== undefined) return parents;
    return planAll(tasks, parents.value);
  },
};

/** Named in `after`, or by an input that takes their files. */
function namedTask(task: GraphTask, i: number): NamedTask {
  const after = (task.after ?? []).map((key, n) => ({ key, at: `/spec/tasks/${i}/after/${n}` }));
  const sources = (task.inputs ?? []).flatMap((input, n) =>
    'task' in input && typeof input.task === 'string' ? [{ key: input.task, at: `/spec/tasks/${i}/inputs/${n}/task` }] : [],
  );
  return { key: task.key, waitsFor: [...after, ...sources] };
}

function planAll(tasks: readonly GraphTask[], parents: readonly (readonly number[])[]) {
  const order = parentsFirst(parents);
  const placeOf = new Map(order.map((original, place) => [original, place]));
  const place = (original: number): number => placeOf.get(original) ?? 0;
  const byKey = new Map(tasks.map(({ key }, i) => [key, i]));
  const plans: TaskPlan[] = [];
  for (const original of order) {
    const task = tasks[original];
    if (task === undefined) continue;
    const resolve = (key: string): number | null => {
      const found = byKey.get(key);
      return found === undefined ? null : place(found);
    };
    const planned = planShell(task, { key: task.key, at: `/spec/tasks/${original}`, resolve });
    if (planned.refusal !== undefined) return planned;
    const { plan, body } = planned.value;
    plans.push({ ...plan, body, after: (parents[original] ?? []).map(place) });
  }
  const first = tasks[order[0] ?? 0];
  return {
    value: { name: first === undefined ? 'graph' : shellName(first.argv), spec: JSON.stringify({ tasks }), tasks: plans },
  };
}

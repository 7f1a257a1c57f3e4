import { limits } from '@switchyard/sdk/names.ts';
import { GraphSpec as GraphSchema, type GraphSpec, type GraphTask } from '@switchyard/sdk/task-spec.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { KindRow } from './kind-row.ts';
import { circleIn, parentsFirst } from './order.ts';
import { planShell, shellName } from './shell-task.ts';

/** Shell tasks (and arrays of them) that depend on each other. */
export const graph: KindRow = {
  text: 'shell tasks with dependencies, arrays among them',
  spec: GraphSchema,
  compile(given) {
    const { tasks } = given as GraphSpec;
    const parents = parentsOf(tasks);
    if (parents.refusal !== undefined) return parents;
    const circle = circleIn(parents.value);
    if (circle !== null) {
      const path = circle.map((i) => tasks[i]?.key ?? '').join(' -> ');
      return refuse('cycle', `These tasks wait for each other: ${path}`, path);
    }
    return planAll(tasks, parents.value);
  },
};

/** Per task the positions of those it waits for: named in `after`, or by an input that takes their files. */
function parentsOf(tasks: readonly GraphTask[]): Result<number[][]> {
  const positions = new Map<string, number>();
  for (const [i, { key }] of tasks.entries()) {
    if (positions.has(key)) return refuse('invalid', `Two tasks are called ${key}`, `/spec/tasks/${i}/key`);
    positions.set(key, i);
  }
  const all: number[][] = [];
  for (const [i, task] of tasks.entries()) {
    const mine = new Set<number>();
    const named = [
      ...(task.after ?? []).map((key, n) => ({ key, at: `/spec/tasks/${i}/after/${n}` })),
      ...(task.inputs ?? []).flatMap((input, n) =>
        'task' in input && typeof input.task === 'string' ? [{ key: input.task, at: `/spec/tasks/${i}/inputs/${n}/task` }] : [],
      ),
    ];
    for (const { key, at } of named) {
      const position = positions.get(key);
      if (position === undefined)
        return refuse('unknown_parent', `Task ${task.key} waits for ${key}, and there is no such task`, at);
      mine.add(position);
    }
    if (mine.size > limits.parents) {
      return refuse(
        'too_large',
        `Task ${task.key} waits for ${mine.size} tasks; at most ${limits.parents} are allowed`,
        `/spec/tasks/${i}/after`,
      );
    }
    all.push([...mine]);
  }
  return { value: all };
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

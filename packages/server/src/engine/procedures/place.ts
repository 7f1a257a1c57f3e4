import type { TaskId } from '../../domain/ids.ts';
import { type ClassSpec, classKey, type LimitSpec, type RateSpec } from '../../domain/needs.ts';
import type { JobPlan, PlacedTask, TaskPlan } from '../commands.ts';

/** How many ids these tasks take: an array takes one for each index. */
export function idsOf(tasks: readonly TaskPlan[]): number {
  let ids = 0;
  for (const { array } of tasks) ids += array?.size ?? 1;
  return ids;
}

/** Gives every task of a plan its id from `first` on, names its parents by id, and puts ids into bodies that refer to tasks. */
export function placeTasks(tasks: readonly TaskPlan[], first: TaskId): PlacedTask[] {
  const ids: TaskId[] = [];
  let next = first;
  for (const { array } of tasks) {
    ids.push(next);
    next += array?.size ?? 1;
  }
  const kindOf = (position: number): 'task' | 'array' => (tasks[position]?.array ? 'array' : 'task');
  return tasks.map((plan, i) => ({
    id: ids[i] ?? 0,
    plan: plan.refersTo.length === 0 ? plan : { ...plan, body: referring(plan.body, ids, tasks) },
    parents: plan.after.map((position) => ({ kind: kindOf(position), id: ids[position] ?? 0 })),
  }));
}

/** Inputs name other tasks of the plan as `-1 - position`; see `TaskPlan.refersTo`. */
function referring(body: string | null, ids: readonly TaskId[], tasks: readonly TaskPlan[]): string | null {
  if (body === null) return null;
  const parsed = JSON.parse(body) as { inputs?: { task?: number; count?: number }[] };
  for (const input of parsed.inputs ?? []) {
    if (input.task === undefined || input.task >= 0) continue;
    const position = -1 - input.task;
    input.count = tasks[position]?.array?.size ?? 1;
    input.task = ids[position] ?? 0;
  }
  return JSON.stringify(parsed);
}

/** What all tasks of a job share in their classes. Keys are the owner's own: nobody stands in another's way. */
export interface Bounds {
  readonly fair: string | null;
  readonly limit?: LimitSpec;
  readonly rate?: RateSpec;
}

export const noBounds: Bounds = { fair: null };

export function boundsOf({ limit, rate }: Pick<JobPlan, 'limit' | 'rate'>, owner: string, fair: string | null): Bounds {
  const own = (key: string): string => `${owner}/${key}`;
  return {
    fair,
    ...(limit === undefined ? undefined : { limit: { ...limit, key: own(limit.key) } }),
    ...(rate === undefined ? undefined : { rate: { ...rate, key: own(rate.key) } }),
  };
}

export function specOf(plan: TaskPlan, bounds: Bounds): ClassSpec {
  const { kind, tags, amounts, pools, pin } = plan;
  return { kind, tags: [...new Set(tags)].sort(), amounts, pools, pin, blockJob: null, ...bounds };
}

/** Each class once. */
export function specsOf(plans: readonly TaskPlan[], bounds: Bounds): ClassSpec[] {
  const [only] = plans;
  if (only !== undefined && plans.length === 1) return [specOf(only, bounds)];
  const byKey = new Map<string, ClassSpec>();
  for (const plan of plans) {
    const spec = specOf(plan, bounds);
    byKey.set(classKey(spec), spec);
  }
  return [...byKey.values()];
}

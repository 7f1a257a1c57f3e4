import { limits } from '@switchyard/sdk/names.ts';
import type { ArraySpec } from '@switchyard/sdk/task-spec.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';

/** An array's shape: `to` is inclusive, as people say it. */
export function arrayOf(spec: ArraySpec | undefined, at: string): Result<TaskPlan['array']> {
  if (spec === undefined) return { value: null };
  if ('items' in spec) return { value: { size: spec.items.length, first: 0, step: 1, items: spec.items } };
  const { from, to, step = 1 } = spec;
  if (to < from) return refuse('invalid', `The array is empty: it ends at ${to} before it begins at ${from}`, at);
  const size = Math.floor((to - from) / step) + 1;
  if (size > limits.arraySize)
    return refuse('too_large', `An array may have ${limits.arraySize} tasks; this one has ${size}`, at);
  return { value: { size, first: from, step, items: null } };
}

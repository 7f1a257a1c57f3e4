import { limits } from '@switchyard/sdk/names.ts';
import { type Result, refuse } from '../domain/errors.ts';
import { circleIn } from './order.ts';

/** A task of a request, and the keys of those that it waits for, each with its JSON pointer. */
export interface NamedTask {
  readonly key: string;
  readonly waitsFor: readonly { readonly key: string; readonly at: string }[];
}

/** Per task the positions of those it waits for. Refused: a key twice, an unknown one, too many, a circle (named). */
export function parentsOf(tasks: readonly NamedTask[]): Result<number[][]> {
  const positions = new Map<string, number>();
  for (const [i, { key }] of tasks.entries()) {
    if (positions.has(key)) return refuse('invalid', `Two tasks are called ${key}`, `/spec/tasks/${i}/key`);
    positions.set(key, i);
  }
  const all: number[][] = [];
  for (const [i, task] of tasks.entries()) {
    const mine = new Set<number>();
    for (const { key, at } of task.waitsFor) {
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
  const circle = circleIn(all);
  if (circle === null) return { value: all };
  const path = circle.map((i) => tasks[i]?.key ?? '').join(' -> ');
  return refuse('cycle', `These tasks wait for each other: ${path}`, path);
}

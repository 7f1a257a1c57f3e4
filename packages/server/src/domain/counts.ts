import type { TaskStateName } from './task.ts';

/** How many tasks of a job (or of a kind) are in each state. Kept in the transaction that moves a task, never counted. */
export type Counts = Readonly<Record<TaskStateName, number>>;

export const noCounts: Counts = {
  waiting: 0,
  ready: 0,
  offered: 0,
  running: 0,
  suspended: 0,
  stopping: 0,
  succeeded: 0,
  failed: 0,
  canceled: 0,
};

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const state in counts) total += counts[state as TaskStateName];
  return total;
}

/** Tasks that still hold a worker or an offer. */
export function aliveOf(counts: Counts): number {
  return counts.offered + counts.running + counts.suspended + counts.stopping;
}

export function unfinishedOf(counts: Counts): number {
  return counts.waiting + counts.ready + aliveOf(counts);
}

export function moved(counts: Counts, from: TaskStateName | null, to: TaskStateName | null, n = 1): Counts {
  const next = { ...counts };
  if (from !== null) next[from] -= n;
  if (to !== null) next[to] += n;
  return next;
}

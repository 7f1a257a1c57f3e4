import { type Amounts, amountOf, type ClassSpec, fitsIn, writable } from './needs.ts';
import { type InternedClass, kindPool, limitPool, type Pool } from './rows.ts';
import type { Task, TaskArray } from './task.ts';
import { busyness, roomOf, suits, type Worker } from './worker.ts';

type Pools = ReadonlyMap<string, Pool>;

/** What `pickHead` sees of a claimable entry: a task row, or an array by the next index that nobody has claimed. */
type HeadLike =
  | { readonly task: Pick<Task, 'id' | 'jobPriority' | 'priority'> }
  | { readonly array: Pick<TaskArray, 'id' | 'next' | 'jobPriority' | 'priority'> };

/**
 * Amounts to take from pools when a task of this class starts: those that it names, and the pool of its kind (by slots)
 * where that pool exists. A task that names its kind's pool itself pays the larger of the two, not both. `heating?` is the
 * pool `heating` where somebody made one, and nothing where nobody did.
 */
export function poolsWanted(spec: ClassSpec, pools: Pools): Record<string, number> {
  const wanted = writable({});
  for (const name in spec.pools) {
    const amount = amountOf(spec.pools, name);
    const pool = ifMade(name) ?? name;
    if (amount > 0 && (pool === name || pools.has(pool))) wanted[pool] = Math.max(amount, amountOf(wanted, pool));
  }
  const implicit = kindPool(spec.kind);
  const { slots } = spec.amounts;
  if (slots > 0 && pools.has(implicit)) wanted[implicit] = Math.max(slots, amountOf(wanted, implicit));
  if (spec.limit !== undefined) wanted[limitPool(spec.limit.key)] = 1;
  return wanted;
}

/** `heating?` -> `heating`; null: a task that names this pool waits until there is one. */
export const ifMade = (name: string): string | null => (name.endsWith('?') ? name.slice(0, -1) : null);

/** What is left in a pool for this class; null: there is no such pool. */
export function roomIn(pools: Pools, name: string, { limit }: Pick<ClassSpec, 'limit'>): number | null {
  const pool = pools.get(name);
  if (limit !== undefined && name === limitPool(limit.key)) return limit.max - (pool?.used ?? 0);
  return pool === undefined ? null : pool.total - pool.used;
}

/** A pool that a class names and that does not exist (any more) has no room: the task waits until somebody makes it. */
function hasRoom(pools: Pools, name: string, amount: number): boolean {
  const pool = pools.get(name);
  return pool !== undefined && pool.used + amount <= pool.total;
}

/** Whether the pools could take one more of this class. */
export function poolsHaveRoom(spec: ClassSpec, pools: Pools): boolean {
  // The same sum as `poolsWanted`, without making a record for every class of every claim.
  const implicit = kindPool(spec.kind);
  for (const name in spec.pools) {
    const amount = amountOf(spec.pools, name);
    const pool = ifMade(name) ?? name;
    if (amount > 0 && (pool === name || pools.has(pool)) && !hasRoom(pools, pool, amount)) return false;
  }
  const { limit, amounts } = spec;
  if (limit !== undefined && (roomIn(pools, limitPool(limit.key), spec) ?? 0) < 1) return false;
  const { slots } = amounts;
  return slots <= 0 || !pools.has(implicit) || hasRoom(pools, implicit, slots);
}

function takes(worker: Worker, room: Amounts, spec: ClassSpec, pools: Pools): boolean {
  return suits(spec, worker) && fitsIn(spec.amounts, room) && poolsHaveRoom(spec, pools);
}

/**
 * The classes from which this worker could start a task now, in the order given. Whether it may claim at all (`mayClaim`),
 * blocks and exclusions are the caller's matter.
 */
export function pickClasses(worker: Worker, classes: readonly InternedClass[], pools: Pools): InternedClass[] {
  const room = roomOf(worker);
  return classes.filter(({ spec }) => takes(worker, room, spec, pools));
}

/** Below 0: `a` goes first. Job priority, then task priority (higher first), then age (lower id). */
export function compareHeads(a: HeadLike, b: HeadLike): number {
  const [x, y] = [entryOf(a), entryOf(b)];
  return y.jobPriority - x.jobPriority || y.priority - x.priority || x.id - y.id;
}

function entryOf(head: HeadLike): { jobPriority: number; priority: number; id: number } {
  if ('task' in head) return head.task;
  const { id, next, jobPriority, priority } = head.array;
  return { id: id + next, jobPriority, priority };
}

/** The one to claim; null: there is none. */
export function pickHead<H extends HeadLike>(heads: readonly H[]): H | null {
  let best: H | null = null;
  for (const head of heads) if (best === null || compareHeads(head, best) < 0) best = head;
  return best;
}

/** Whom to offer work first: the least busy, then who holds least, then the oldest. A new list. */
export function leastBusyFirst<W extends Worker>(workers: readonly W[]): W[] {
  return workers
    .map((worker) => ({ worker, busy: busyness(worker) }))
    .sort((a, b) => a.busy - b.busy || a.worker.holding - b.worker.holding || a.worker.id - b.worker.id)
    .map(({ worker }) => worker);
}

import type { ClassId, TaskId } from '../../domain/ids.ts';
import { fitsIn, minus } from '../../domain/needs.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { compareHeads, poolsWanted } from '../../domain/scheduling.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { roomOf, type Worker } from '../../domain/worker.ts';
import type { Head } from '../../ports/store.ts';
import { blockedKey } from './claimable.ts';
import type { Draft } from './draft.ts';

/** A task row, or one index of an array. */
export type Pick = { readonly task: Task } | { readonly array: TaskId; readonly index: number };

export interface Choice {
  readonly picks: readonly Pick[];
  /** Classes in which nothing is left: all that stood at their heads was taken, and more could have been shown. */
  readonly used: ReadonlySet<ClassId>;
  /** Classes for which room or pools do not suffice any more. */
  readonly full: ReadonlySet<ClassId>;
}

interface Asked {
  readonly heads: readonly Head[];
  readonly classes: readonly InternedClass[];
  readonly max: number;
  readonly depth: number;
  /** `job kind` that this worker must not take. */
  readonly blocked: ReadonlySet<string>;
  readonly mode: 'run' | 'offer';
}

/** Best first, as long as room and pools last. */
export function choose(draft: Draft, worker: Worker, { heads, classes, max, depth, blocked, mode }: Asked): Choice {
  const picks: Pick[] = [];
  const full = new Set<ClassId>();
  const left = new Set<ClassId>();
  const taker = takerFor(draft, worker, mode);
  const take = (id: ClassId): boolean => {
    if (picks.length >= max || full.has(id)) left.add(id);
    else if (taker(id)) return true;
    else full.add(id);
    return false;
  };
  for (const head of heads.length < 2 ? heads : heads.toSorted(compareHeads)) {
    const { job, kind } = 'task' in head ? head.task : head.array;
    // Its class is not the job's own yet: the sweep has not come to it.
    if (blocked.size > 0 && blocked.has(blockedKey(job, kind))) continue;
    if ('task' in head) {
      if (take(head.class)) picks.push({ task: head.task });
    } else chooseFrom(head.array, head.class, draft, take, picks);
  }
  const shown = new Map<ClassId, number>();
  for (const head of heads) shown.set(head.class, (shown.get(head.class) ?? 0) + 1);
  const used = new Set<ClassId>();
  for (const { id } of classes) {
    if (!left.has(id) && !full.has(id) && (shown.get(id) ?? 0) < depth) used.add(id);
  }
  return { picks, used, full };
}

function chooseFrom(array: TaskArray, id: ClassId, draft: Draft, take: (id: ClassId) => boolean, picks: Pick[]): void {
  draft.load({ arrays: [array] });
  for (let index = array.next; index < array.size; index++) {
    if (!take(id)) return;
    picks.push({ array: array.id, index });
  }
}

/** Takes one of a class off what the worker and the pools have left; false: it does not fit. */
function takerFor(draft: Draft, worker: Worker, mode: 'run' | 'offer'): (id: ClassId) => boolean {
  const takesRoom = mode === 'run' || worker.profile.room === 'reported';
  let room = roomOf(worker);
  const taken = new Map<string, number>();
  return (id) => {
    const { amounts } = draft.class(id).spec;
    if (takesRoom && !fitsIn(amounts, room)) return false;
    const wanted = poolsWanted(draft.class(id).spec, draft.pools);
    for (const name in wanted) {
      const pool = draft.pools.get(name);
      if (pool === undefined || pool.used + (taken.get(name) ?? 0) + (wanted[name] ?? 0) > pool.total) return false;
    }
    for (const name in wanted) taken.set(name, (taken.get(name) ?? 0) + (wanted[name] ?? 0));
    if (takesRoom) room = minus(room, amounts);
    return true;
  };
}

import type { ClassId, TaskId } from '../../domain/ids.ts';
import { fitsIn, minus } from '../../domain/needs.ts';
import { rateRoom } from '../../domain/rate.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { compareHeads, poolsWanted, roomIn } from '../../domain/scheduling.ts';
import { leastMs, usageOf } from '../../domain/share.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { roomOf, type Worker } from '../../domain/worker.ts';
import type { Head } from '../../ports/store.ts';
import { blockedKey } from './claimable.ts';
import type { Draft } from './draft.ts';
import type { Keeping } from './keeping.ts';
import { nextTurn, turnsOf } from './turns.ts';

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
  /** What the worker is kept for. */
  readonly keeping?: Keeping;
}

/** Best first, as long as room and pools last. */
export function choose(draft: Draft, worker: Worker, { heads, classes, max, depth, blocked, mode, keeping }: Asked): Choice {
  const picks: Pick[] = [];
  const full = new Set<ClassId>();
  const left = new Set<ClassId>();
  const taker = takerFor(draft, worker, mode);
  const take = (head: Head): boolean => {
    const id = head.class;
    if (picks.length >= max || full.has(id)) left.add(id);
    else if ((keeping?.admits(head, draft.class(id).spec.amounts) ?? true) && taker(id)) return true;
    else full.add(id);
    return false;
  };
  // Its class is not the job's own yet: the sweep has not come to it.
  const open = blocked.size === 0 ? heads : heads.filter((head) => !blocked.has(blockedKey(...ofHead(head))));
  if (draft.shares.size > 0 || open.some((head) => draft.class(head.class).spec.fair !== null)) {
    chooseInTurn(draft, open, take, picks);
  } else {
    for (const head of open.length < 2 ? open : open.toSorted(compareHeads)) {
      if ('task' in head) {
        if (take(head)) picks.push({ task: head.task });
      } else chooseFrom(head, draft, take, picks);
    }
  }
  const shown = new Map<ClassId, number>();
  for (const head of heads) shown.set(head.class, (shown.get(head.class) ?? 0) + 1);
  const used = new Set<ClassId>();
  for (const { id } of classes) {
    if (!left.has(id) && !full.has(id) && (shown.get(id) ?? 0) < depth) used.add(id);
  }
  return { picks, used, full };
}

function ofHead(head: Head): [job: number, kind: string] {
  const { job, kind } = 'task' in head ? head.task : head.array;
  return [job, kind];
}

/** Within a job priority whoever was served least comes first; what is taken here counts at once. */
function chooseInTurn(draft: Draft, heads: readonly Head[], take: (head: Head) => boolean, picks: Pick[]): void {
  const turns = turnsOf(heads, (head) => draft.class(head.class).spec.fair);
  const taken = new Map<string, number>();
  const usage = (key: string): number => usageOf(draft.shares, key, draft.now) + (taken.get(key) ?? 0);
  for (let turn = nextTurn(turns, usage); turn !== null; turn = nextTurn(turns, usage)) {
    const head = turn.next();
    if (head === null) continue;
    const id = head.class;
    if (!take(head)) {
      turn.drop();
      continue;
    }
    if ('task' in head) picks.push({ task: head.task });
    else {
      draft.load({ arrays: [head.array] });
      picks.push({ array: head.array.id, index: head.array.next });
    }
    turn.took();
    const { fair, amounts } = draft.class(id).spec;
    if (fair !== null) taken.set(fair, (taken.get(fair) ?? 0) + amounts.slots * leastMs);
  }
}

function chooseFrom(head: Head & { array: TaskArray }, draft: Draft, take: (head: Head) => boolean, picks: Pick[]): void {
  const { array } = head;
  draft.load({ arrays: [array] });
  for (let index = array.next; index < array.size; index++) {
    if (!take(head)) return;
    picks.push({ array: array.id, index });
  }
}

/** Takes one of a class off what the worker and the pools have left; false: it does not fit. */
function takerFor(draft: Draft, worker: Worker, mode: 'run' | 'offer'): (id: ClassId) => boolean {
  const takesRoom = mode === 'run' || worker.profile.room === 'reported';
  let room = roomOf(worker);
  const taken = new Map<string, number>();
  const started = new Map<string, number>();
  return (id) => {
    const { spec } = draft.class(id);
    const { amounts } = spec;
    if (takesRoom && !fitsIn(amounts, room)) return false;
    const wanted = poolsWanted(spec, draft.pools);
    for (const name in wanted) {
      const free = roomIn(draft.pools, name, spec);
      if (free === null || (taken.get(name) ?? 0) + (wanted[name] ?? 0) > free) return false;
    }
    const { rate } = spec;
    if (rate !== undefined) {
      const begun = started.get(rate.key) ?? 0;
      if (begun >= rateRoom(rate, draft.rates.get(rate.key), draft.now)) return false;
      started.set(rate.key, begun + 1);
    }
    for (const name in wanted) taken.set(name, (taken.get(name) ?? 0) + (wanted[name] ?? 0));
    if (takesRoom) room = minus(room, amounts);
    return true;
  };
}

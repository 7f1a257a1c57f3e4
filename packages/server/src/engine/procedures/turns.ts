import { compareHeads } from '../../domain/scheduling.ts';
import type { Head } from '../../ports/store.ts';

/** What one owner has at the heads of its classes, best first. An array stands there with one index after the other. */
export interface Turn {
  readonly key: string | null;
  next(): Head | null;
  /** The head was given away. */
  took(): void;
  /** It does not fit (any more): nothing of its kind will. */
  drop(): void;
}

export function turnsOf(heads: readonly Head[], keyOf: (head: Head) => string | null): Set<Turn> {
  const byKey = new Map<string | null, Head[]>();
  for (const head of heads) {
    const key = keyOf(head);
    const mine = byKey.get(key);
    if (mine === undefined) byKey.set(key, [head]);
    else mine.push(head);
  }
  return new Set([...byKey].map(([key, mine]) => turnOf(key, mine.sort(compareHeads))));
}

function turnOf(key: string | null, heads: Head[]): Turn {
  let at = 0;
  return {
    key,
    next: () => heads[at] ?? null,
    took() {
      const head = heads[at];
      if (head === undefined || 'task' in head || head.array.next + 1 >= head.array.size) at += 1;
      else heads[at] = { class: head.class, array: { ...head.array, next: head.array.next + 1 } };
    },
    drop() {
      at += 1;
    },
  };
}

/** Whose turn it is: job priority first, then who was served least, then the better head. Without a key: as if never served. */
export function nextTurn(turns: Set<Turn>, usage: (key: string) => number): Turn | null {
  let best: { turn: Turn; head: Head; priority: number; used: number } | null = null;
  for (const turn of turns) {
    const head = turn.next();
    if (head === null) {
      turns.delete(turn);
      continue;
    }
    const priority = ('task' in head ? head.task : head.array).jobPriority;
    const used = turn.key === null ? 0 : usage(turn.key);
    const goes = best === null ? -1 : best.priority - priority || used - best.used || compareHeads(head, best.head);
    if (goes < 0) best = { turn, head, priority, used };
  }
  return best?.turn ?? null;
}

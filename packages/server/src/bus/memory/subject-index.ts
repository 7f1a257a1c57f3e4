import type { Unsubscribe } from '../../ports/bus.ts';

/**
 * Who listens to which subject. A pattern is a subject, or a prefix with `*` at its end. Looking up a subject costs one map
 * lookup plus one per distinct length of the prefixes in use, however many listeners there are.
 */
export interface SubjectIndex<L> {
  add(pattern: string, listener: L): Unsubscribe;
  /** In the order in which they were added; exact ones and wildcards mixed. */
  matching(subject: string): readonly L[];
  clear(): void;
}

interface Entry<L> {
  readonly listener: L;
  readonly order: number;
}

export function createSubjectIndex<L>(): SubjectIndex<L> {
  const exact = new Map<string, Set<Entry<L>>>();
  const prefixes = new Map<string, Set<Entry<L>>>();
  /** Length of a prefix -> how many prefixes of that length there are. */
  const lengths = new Map<number, number>();
  let order = 0;

  function count(length: number, by: 1 | -1): void {
    const left = (lengths.get(length) ?? 0) + by;
    if (left === 0) lengths.delete(length);
    else lengths.set(length, left);
  }

  function add(pattern: string, listener: L): Unsubscribe {
    const wild = pattern.endsWith('*');
    const map = wild ? prefixes : exact;
    const key = wild ? pattern.slice(0, -1) : pattern;
    const entry: Entry<L> = { listener, order: order++ };
    const set = map.get(key);
    if (set !== undefined) set.add(entry);
    else {
      map.set(key, new Set([entry]));
      if (wild) count(key.length, 1);
    }
    return () => remove(map, key, entry, wild);
  }

  function remove(map: Map<string, Set<Entry<L>>>, key: string, entry: Entry<L>, wild: boolean): void {
    const set = map.get(key);
    if (set === undefined || !set.delete(entry) || set.size > 0) return;
    map.delete(key);
    if (wild) count(key.length, -1);
  }

  function matching(subject: string): readonly L[] {
    const sets: Set<Entry<L>>[] = [];
    const own = exact.get(subject);
    if (own !== undefined) sets.push(own);
    for (const length of lengths.keys()) {
      const set = length <= subject.length ? prefixes.get(subject.slice(0, length)) : undefined;
      if (set !== undefined) sets.push(set);
    }
    const found = sets.flatMap((set) => [...set]);
    if (sets.length > 1) found.sort((a, b) => a.order - b.order);
    return found.map((entry) => entry.listener);
  }

  return {
    add,
    matching,
    clear() {
      exact.clear();
      prefixes.clear();
      lengths.clear();
    },
  };
}

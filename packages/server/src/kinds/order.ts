type Parents = readonly (readonly number[])[];

/** Positions so that every task comes after its parents, otherwise in the order given. Needs a graph without circles. */
export function parentsFirst(parents: Parents): number[] {
  const left = parents.map((list) => list.length);
  const children: number[][] = parents.map(() => []);
  parents.forEach((list, child) => {
    for (const parent of list) children[parent]?.push(child);
  });
  // The usual case, submitted in order already, stays as it is: numbers of tasks follow the request.
  if (parents.every((list, i) => list.every((parent) => parent < i))) return parents.map((_, i) => i);
  const queue = left.flatMap((n, i) => (n === 0 ? [i] : []));
  for (let next = 0; next < queue.length; next++) {
    for (const child of children[queue[next] ?? -1] ?? []) {
      const rest = (left[child] ?? 0) - 1;
      left[child] = rest;
      if (rest === 0) queue.push(child);
    }
  }
  return queue;
}

/** A circle as positions, the first named again at the end; null: there is none. */
export function circleIn(parents: Parents): number[] | null {
  const order = parentsFirst(parents);
  if (order.length === parents.length) return null;
  const free = new Set(order);
  const start = parents.findIndex((_, i) => !free.has(i));
  // Whatever is not free has a parent that is not free: walking up must come back somewhere.
  const seen = new Map<number, number>();
  const path: number[] = [];
  for (let at = start; ; ) {
    const known = seen.get(at);
    if (known !== undefined) return [...path.slice(known), at].reverse();
    seen.set(at, path.length);
    path.push(at);
    at = parents[at]?.find((parent) => !free.has(parent)) ?? at;
  }
}

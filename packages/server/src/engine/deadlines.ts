import type { Clock, Timer } from '../ports/clock.ts';

/** One timer for many deadlines: armed for the earliest, on monotonic time. A key has one deadline; setting it again moves it. */
export interface Deadlines<K> {
  set(key: K, inMs: number): void;
  delete(key: K): void;
  close(): void;
}

/** setTimeout overflows beyond this; a longer wait is armed again on the way. */
const longestWait = 2_000_000_000;

export function createDeadlines<K>(clock: Clock, call: (key: K) => void): Deadlines<K> {
  const moments = new Map<K, number>();
  const heap: [number, K][] = [];
  let timer: Timer | null = null;
  let armedFor = Number.POSITIVE_INFINITY;

  function arm(): void {
    // Entries that were moved or deleted are dropped when they come to the top.
    while (heap.length > 0 && moments.get(heap[0]?.[1] as K) !== heap[0]?.[0]) pop(heap);
    const first = heap[0]?.[0];
    if (first === undefined) {
      timer?.cancel();
      timer = null;
      armedFor = Number.POSITIVE_INFINITY;
      return;
    }
    if (timer !== null && armedFor <= first) return;
    timer?.cancel();
    armedFor = first;
    timer = clock.after(Math.min(longestWait, Math.max(0, first - clock.monotonic())), fire);
  }

  function fire(): void {
    timer = null;
    armedFor = Number.POSITIVE_INFINITY;
    const now = clock.monotonic();
    for (let first = heap[0]; first !== undefined && first[0] <= now; first = heap[0]) {
      pop(heap);
      const [moment, key] = first;
      if (moments.get(key) !== moment) continue;
      moments.delete(key);
      call(key);
    }
    arm();
  }

  return {
    set(key, inMs) {
      const moment = clock.monotonic() + inMs;
      moments.set(key, moment);
      push(heap, [moment, key]);
      arm();
    },
    delete(key) {
      // The heap's entry is dropped lazily; a heap of mostly dead entries is built anew.
      if (moments.delete(key) && heap.length > 64 && heap.length > 4 * moments.size) {
        heap.length = 0;
        for (const [live, moment] of moments) push(heap, [moment, live]);
      }
    },
    close() {
      timer?.cancel();
      timer = null;
      moments.clear();
      heap.length = 0;
    },
  };
}

function push<K>(heap: [number, K][], entry: [number, K]): void {
  let i = heap.push(entry) - 1;
  while (i > 0) {
    const up = (i - 1) >> 1;
    const above = heap[up] as [number, K];
    if (above[0] <= entry[0]) break;
    heap[i] = above;
    i = up;
  }
  heap[i] = entry;
}

function pop<K>(heap: [number, K][]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && right[0] < (heap[child] as [number, K])[0]) child += 1;
    const below = heap[child] as [number, K];
    if (below[0] >= last[0]) break;
    heap[i] = below;
    i = child;
  }
  heap[i] = last;
}

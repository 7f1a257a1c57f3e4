import type { ClassId, JobId, TaskId } from '../../domain/ids.ts';

/** Where something stands in the ready index: job rank, rank, job, id. */
export type Place = readonly [jobRank: number, rank: number, job: JobId, id: TaskId];

export function comesBefore(a: Place, b: Place): boolean {
  if (a[0] !== b[0]) return a[0] < b[0];
  if (a[1] !== b[1]) return a[1] < b[1];
  if (a[2] !== b[2]) return a[2] < b[2];
  return a[3] < b[3];
}

/** The first places of one class in the ready index. */
interface Window {
  /** Ascending. */
  readonly places: Place[];
  /** Nothing else of the class is ready. */
  complete: boolean;
}

/**
 * The beginning of the ready index in memory, class by class, kept in step with every row that is put: so that a claim
 * searches nothing, and rows that are submitted, claimed and ended in one batch are written once. A class is read when first
 * asked for and again when its window has run empty.
 */
export class ReadyWindows {
  readonly #size: number;
  readonly #windows = new Map<ClassId, Window>();
  readonly #standing = new Map<TaskId, { readonly class: ClassId; readonly place: Place }>();

  /** `size`: places read at a time; twice as many are held at most. */
  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** The places of a class, if they are known; at least `depth` of them, or all there are. */
  first(id: ClassId, depth: number): Window | null {
    const window = this.#windows.get(id);
    return window !== undefined && (window.complete || window.places.length >= depth) ? window : null;
  }

  /** What the index says. `complete`: it was read to its end. */
  load(id: ClassId, places: readonly Place[], complete: boolean): void {
    this.#forgetClass(id);
    this.#windows.set(id, { places: [...places], complete });
    for (const place of places) this.#standing.set(place[3], { class: id, place });
  }

  /** The row is ready there now. */
  enter(id: ClassId, place: Place): void {
    this.leave(place[3]);
    const window = this.#windows.get(id);
    if (window === undefined) return;
    const { places } = window;
    const last = places.at(-1);
    if (!window.complete && (last === undefined || comesBefore(last, place))) return;
    places.splice(positionOf(places, place), 0, place);
    this.#standing.set(place[3], { class: id, place });
    if (places.length > 2 * this.#size) this.#cut(window);
  }

  /** The row is not ready any more, or not to be seen. */
  leave(task: TaskId): void {
    const stood = this.#standing.get(task);
    if (stood === undefined) return;
    this.#standing.delete(task);
    const places = this.#windows.get(stood.class)?.places ?? [];
    places.splice(positionOf(places, stood.place), 1);
  }

  forget(): void {
    this.#windows.clear();
    this.#standing.clear();
  }

  #cut(window: Window): void {
    for (const place of window.places.splice(this.#size)) this.#standing.delete(place[3]);
    window.complete = false;
  }

  #forgetClass(id: ClassId): void {
    for (const place of this.#windows.get(id)?.places ?? []) this.#standing.delete(place[3]);
    this.#windows.delete(id);
  }
}

/** Where the place is, or where it belongs. */
function positionOf(places: readonly Place[], place: Place): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesBefore(places[middle] as Place, place)) low = middle + 1;
    else high = middle;
  }
  return low;
}

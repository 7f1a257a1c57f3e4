import { stamp } from './clock.ts';

export interface Delivered {
  /** When the last one came, ms of `stamp`. */
  readonly at: number;
  /** Jobs that came more than once. */
  readonly doubles: number;
}

/** Counts which of `0 … count-1` were delivered, and how often: an exact check, not a sum. */
export class Deliveries {
  #seen = new Uint8Array(0);
  #stamps: Float64Array | null = null;
  #missing = 0;
  #doubles = 0;
  #all = Promise.withResolvers<Delivered>();

  expect(count: number, withStamps = false): void {
    this.#seen = new Uint8Array(count);
    this.#stamps = withStamps ? new Float64Array(count) : null;
    this.#missing = count;
    this.#doubles = 0;
    this.#all = Promise.withResolvers<Delivered>();
  }

  got(n: number): void {
    if (this.#stamps !== null) this.#stamps[n] = stamp();
    const before = this.#seen[n];
    if (before === undefined) throw new Error(`job ${n} was never added`);
    this.#seen[n] = 1;
    if (before > 0) this.#doubles++;
    else if (--this.#missing === 0) this.#all.resolve({ at: stamp(), doubles: this.#doubles });
  }

  get doubles(): number {
    return this.#doubles;
  }

  /** Settles when each was delivered at least once. */
  get all(): Promise<Delivered> {
    return this.#all.promise;
  }

  get stamps(): readonly number[] {
    return Array.from(this.#stamps ?? []);
  }
}

import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import type { Inputs } from './inputs.ts';

interface Offer {
  readonly task: WireTask;
  readonly stop: AbortController;
  /** How often a later offer was taken because this one did not fit. */
  passed: number;
}

/** A large task waits at most so long for room while small ones slip past it. */
const patience = 100;

/** Prefetched tasks in the order in which they came. They take no room; their input files are fetched meanwhile. */
export class Offers {
  readonly #inputs: Inputs;
  readonly #offers = new Map<number, Offer>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  get size(): number {
    return this.#offers.size;
  }

  get tasks(): number[] {
    return [...this.#offers.keys()];
  }

  add(task: WireTask): void {
    this.remove(task.task);
    const offer: Offer = { task, stop: new AbortController(), passed: 0 };
    this.#offers.set(task.task, offer);
    const { inputs } = task.body;
    // What goes wrong here shows again, and is told, when the task is run.
    if (inputs !== undefined && inputs.length > 0) this.#inputs.prefetch(inputs, offer.stop.signal).catch(() => {});
  }

  /** The first that `take` answers for; it is an offer no more. */
  next<T>(take: (task: WireTask) => T | null): T | null {
    for (const offer of this.#offers.values()) {
      const taken = take(offer.task);
      if (taken !== null) {
        this.#offers.delete(offer.task.task);
        return taken;
      }
      offer.passed += 1;
      if (offer.passed > patience) return null;
    }
    return null;
  }

  remove(task: number): boolean {
    const offer = this.#offers.get(task);
    offer?.stop.abort();
    return this.#offers.delete(task);
  }

  clear(): void {
    for (const task of this.tasks) this.remove(task);
  }
}

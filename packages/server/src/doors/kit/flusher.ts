/** Something with bytes to write. */
export interface Flushable {
  flush(): void;
}

/** How many queues are written in one turn of the event loop: a broadcast to thousands must not hold up everybody else. */
const perTurn = 256;

/** Writes dirty queues at the end of the turn, so that what one turn says to a peer leaves as one write. */
export class Flusher {
  readonly #dirty = new Set<Flushable>();
  #scheduled = false;

  add(queue: Flushable): void {
    this.#dirty.add(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    let left = perTurn;
    for (const queue of this.#dirty) {
      if (left-- === 0) break;
      this.#dirty.delete(queue);
      queue.flush();
    }
    if (this.#dirty.size > 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#run);
    }
  };
}

/** One for the process: it holds nothing but who is to be written next. */
export const flusher = new Flusher();

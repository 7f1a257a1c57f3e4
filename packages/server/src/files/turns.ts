/** Work on the same key is done one after the other, in order of asking; different keys do not wait for each other. */
export interface Turns {
  run<T>(key: string | number, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createTurns(): Turns {
  /** Per key the last promise in its queue; never rejects. Keys without work are gone. */
  const tails = new Map<string | number, Promise<void>>();

  return {
    run(key, work) {
      const before = tails.get(key);
      const mine = before === undefined ? work() : before.then(work);
      const tail = mine.then(noop, noop).then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      tails.set(key, tail);
      return mine;
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}

const noop = (): void => undefined;

import type { Call, Outcome } from './calls.ts';
import type { Executor } from './lanes.ts';

/** Whether what was read before may be answered again. */
export interface Quiet {
  /** A number that stands while nothing was or is being committed; null while something may be. */
  readonly since: number | null;
}

/** Watches all batches go by: this store is the only one that writes to its file. */
export class Commits implements Quiet {
  readonly #execute: Executor;
  #begun = 0;
  #ended = 0;

  constructor(execute: Executor) {
    this.#execute = execute;
  }

  get since(): number | null {
    return this.#begun === this.#ended ? this.#ended : null;
  }

  async execute(calls: readonly Call[]): Promise<readonly Outcome[]> {
    this.#begun += 1;
    try {
      return await this.#execute(calls);
    } finally {
      this.#ended += 1;
    }
  }
}

import type { Call, Outcome } from './calls.ts';
import type { Executor } from './lanes.ts';

/** Whether what was read before may be answered again. */
export interface Quiet {
  /** A number that stands while nothing was or is being committed; null while something may be. */
  readonly since: number | null;
}

/** Whom every batch is told of, for figures. */
export interface BatchWatch {
  monotonic(): number;
  batch(batch: { readonly calls: number; readonly commands: number; readonly ms: number }): void;
}

/** Watches all batches go by: this store is the only one that writes to its file. */
export class Commits implements Quiet {
  readonly #execute: Executor;
  readonly #watch: BatchWatch | null;
  #begun = 0;
  #ended = 0;

  constructor(execute: Executor, watch: BatchWatch | null = null) {
    this.#execute = execute;
    this.#watch = watch;
  }

  get since(): number | null {
    return this.#begun === this.#ended ? this.#ended : null;
  }

  async execute(calls: readonly Call[]): Promise<readonly Outcome[]> {
    this.#begun += 1;
    const began = this.#watch?.monotonic() ?? 0;
    try {
      const outcomes = await this.#execute(calls);
      this.#tell(calls.slice(0, outcomes.length), began);
      return outcomes;
    } finally {
      this.#ended += 1;
    }
  }

  #tell(calls: readonly Call[], began: number): void {
    if (this.#watch === null) return;
    let commands = 0;
    for (const call of calls) commands += call.call === 'run' ? call.commands.length : 1;
    this.#watch.batch({ calls: calls.length, commands, ms: this.#watch.monotonic() - began });
  }
}

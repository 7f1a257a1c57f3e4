import type { Reply } from './reply.ts';

/** One request whose turn will come. `parallel`: may run together with its parallel neighbours; everything else runs alone. */
export interface Turn {
  readonly parallel: boolean;
  /** Null: nothing is said. */
  start(): Promise<Reply | null>;
}

export interface PipelineEars {
  /** Settles when the peer may be told more. */
  deliver(reply: Reply): Promise<void>;
  finished(turns: number): void;
  failed(cause: unknown): void;
}

const together = 64;

/** Requests of one client in order, answers in the same order (kueue §1, Order): several submissions share a transaction. */
export class Pipeline {
  readonly #ears: PipelineEars;
  #waiting: Turn[] = [];
  #running = false;
  #stopped = false;

  constructor(ears: PipelineEars) {
    this.#ears = ears;
  }

  add(turn: Turn): void {
    if (this.#stopped) return;
    this.#waiting.push(turn);
    if (!this.#running) void this.#run();
  }

  /** Nothing more is begun or delivered. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#waiting.length > 0) await this.#next();
    } catch (cause) {
      this.stop();
      this.#ears.failed(cause);
    } finally {
      this.#running = false;
    }
  }

  async #next(): Promise<void> {
    const firstAlone = this.#waiting.findIndex(({ parallel }) => !parallel);
    const run = firstAlone === -1 ? this.#waiting.length : firstAlone;
    const turns = this.#waiting.splice(0, Math.max(1, Math.min(run, together)));
    const replies = turns.map((turn) => turn.start());
    // One that fails must not leave the others unheard.
    await Promise.allSettled(replies);
    for (const reply of replies) {
      const said = await reply;
      if (said !== null && !this.#stopped) await this.#ears.deliver(said);
    }
    this.#ears.finished(turns.length);
  }
}

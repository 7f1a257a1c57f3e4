import type { Lane } from '../../ports/store.ts';
import type { Call, Outcome } from './calls.ts';

/** Commands of one batch; a single call may be larger, it is not cut. */
const mostCommands = 512;

interface Waiting {
  readonly call: Call;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/**
 * Executes the first calls of a batch, as many as make one transaction, and gives their outcomes once it is committed. Never
 * rejects for a failing disk: that is an outcome.
 */
export type Executor = (calls: readonly Call[]) => Promise<readonly Outcome[]>;

/**
 * Collects what one turn of the event loop hands in and gives it on as one batch; what comes while a batch is out waits for
 * the next one (S1, S8). The urgent lane goes first; after each urgent batch one bulk call has its turn, so that neither
 * starves the other.
 */
export class Lanes {
  readonly #execute: Executor;
  readonly #soon: (call: () => void) => void;
  readonly #waiting: Record<Lane, Waiting[]> = { urgent: [], bulk: [] };
  #busy = false;
  #bulkTurn = false;
  #idle: (() => void)[] = [];

  constructor(execute: Executor, soon: (call: () => void) => void) {
    this.#execute = execute;
    this.#soon = soon;
  }

  hand(call: Call, lane: Lane): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting[lane].push({ call, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      this.#soon(() => void this.#work());
    });
  }

  /** When everything that was handed in is answered. */
  drained(): Promise<void> {
    return this.#busy ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** The executor is gone for good: nobody waits for ever. */
  abandon(error: Error): void {
    const left = [...this.#waiting.urgent.splice(0), ...this.#waiting.bulk.splice(0)];
    for (const waiting of left) waiting.reject(error);
  }

  async #work(): Promise<void> {
    for (let lane = this.#next(); lane !== null; lane = this.#next()) await this.#run(this.#waiting[lane], lane);
    this.#busy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(lane: Waiting[], name: Lane): Promise<void> {
    const batch = lane.splice(0, name === 'bulk' ? 1 : fitting(lane));
    try {
      const outcomes = await this.#execute(batch.map(({ call }) => call));
      if (outcomes.length === 0) throw new Error('a batch without any outcome');
      batch.splice(0, outcomes.length).forEach((waiting, at) => {
        waiting.resolve(outcomes[at] ?? { failed: 'no outcome' });
      });
      // What made the transaction too large is first in the next one.
      lane.unshift(...batch);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      for (const waiting of batch) waiting.reject(error);
    }
  }

  #next(): Lane | null {
    const { urgent, bulk } = this.#waiting;
    if (urgent.length === 0 && bulk.length === 0) return null;
    const lane = bulk.length > 0 && (this.#bulkTurn || urgent.length === 0) ? 'bulk' : 'urgent';
    this.#bulkTurn = lane === 'urgent';
    return lane;
  }
}

/** How many of the first calls make one batch. */
function fitting(waiting: readonly Waiting[]): number {
  let commands = 0;
  let calls = 0;
  for (const { call } of waiting) {
    commands += call.call === 'run' ? call.commands.length : 1;
    if (calls > 0 && commands > mostCommands) break;
    calls += 1;
  }
  return calls;
}

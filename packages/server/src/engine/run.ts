import { type Refusal, type Result, refuse } from '../domain/errors.ts';
import { may, type Principal } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Command, Lane, RunResult, Store } from '../ports/store.ts';
import { type AnswerOf, type CommandName, commandTable, type InputOf, type Told } from './commands.ts';
import type { Spoken } from './procedures/working-set.ts';

export interface RunnerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** One answer of a batch, in order; all of them come before `committed`. */
  answered(name: CommandName, input: unknown, answer: unknown): void;
  /** What was committed: the feed, timers, the dispatcher. Called before the commands are answered. */
  committed(result: RunResult): void;
  /** Words for workers; called once the answers of the same batch have been passed on. */
  told(words: readonly Told[]): void;
  /** A bug in a procedure, or a store that failed. */
  failed(name: string, detail: string): void;
  /** An audited command that was refused. */
  refused(by: Principal, name: CommandName, refusal: Refusal): void;
}

export interface Runner {
  command<N extends CommandName>(by: Principal, name: N, input: InputOf<N>): Promise<Result<AnswerOf<N>>>;
  /** Takes nothing more; settles when everything handed in is answered. */
  close(): Promise<void>;
}

interface Pending {
  readonly command: Command;
  readonly resolve: (result: Result<unknown>) => void;
}

/** Batches under way at once: one is being flushed while the next gathers; more would only make them smaller. */
const batchesAtOnce = 2;
const commandsPerBatch = 1_000;

/** Gathers what one turn of the event loop asks for into one transaction per lane, and answers after the commit. */
export function createRunner(deps: RunnerDeps): Runner {
  const queues: Record<Lane, Pending[]> = { urgent: [], bulk: [] };
  let underway = 0;
  let scheduled = false;
  let closed = false;
  let idle: (() => void) | null = null;

  function schedule(): void {
    if (scheduled || underway >= batchesAtOnce) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    scheduled = false;
    const lane: Lane = queues.urgent.length > 0 ? 'urgent' : 'bulk';
    const batch = queues[lane].splice(0, commandsPerBatch);
    if (batch.length === 0) return;
    underway += 1;
    void run(batch, lane).finally(() => {
      underway -= 1;
      if (queues.urgent.length + queues.bulk.length > 0) schedule();
      else if (underway === 0) idle?.();
    });
    if (queues.urgent.length + queues.bulk.length > 0) schedule();
  }

  async function run(batch: readonly Pending[], lane: Lane): Promise<void> {
    let result: RunResult;
    try {
      result = await deps.store.run(
        batch.map(({ command }) => command),
        lane,
      );
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      deps.failed('store', detail);
      for (const { resolve } of batch) resolve(refuse('storage', `The store failed: ${detail}`));
      return;
    }
    const told: Told[] = [];
    const results = batch.map(({ command }, i) => unwrap(command, result.answers[i], told));
    batch.forEach(({ command }, i) => {
      const value = results[i]?.value;
      if (value !== undefined) deps.answered(command.name as CommandName, command.input, value);
    });
    deps.committed(result);
    batch.forEach(({ resolve }, i) => {
      resolve(results[i] ?? refuse('internal', 'The store gave no answer'));
    });
    // After the answers: a kill must not overtake the word that started what it kills.
    if (told.length > 0) setImmediate(() => deps.told(told));
  }

  function unwrap(command: Command, answer: RunResult['answers'][number] | undefined, told: Told[]): Result<unknown> {
    if (answer === undefined) return refuse('internal', 'The store gave no answer');
    if ('thrown' in answer) {
      deps.failed(command.name, answer.thrown);
      return refuse('internal', `${command.name} failed; the server's log has the cause`);
    }
    if ('refusal' in answer) return { refusal: answer.refusal };
    const spoken = answer.answer as Spoken<unknown>;
    told.push(...spoken.told);
    if (spoken.refusal === undefined) return { value: spoken.answer };
    const name = command.name as CommandName;
    if (commandTable[name].audited) deps.refused(command.by, name, spoken.refusal);
    return { refusal: spoken.refusal };
  }

  return {
    command(by, name, input) {
      const row = commandTable[name];
      if (closed) return Promise.resolve(refuse('not_ready', 'The server is stopping'));
      if (!may(by, row.right)) {
        const refusal = refuse('forbidden', `${by.name} lacks the right ${row.right}`);
        if (row.audited) deps.refused(by, name, refusal.refusal);
        return Promise.resolve(refusal);
      }
      const command = { name, input, by, now: deps.clock.now(), dice: deps.random.dice() };
      return new Promise((resolve) => {
        queues[row.lane].push({ command, resolve: resolve as Pending['resolve'] });
        schedule();
      });
    },
    async close() {
      closed = true;
      if (underway === 0 && queues.urgent.length + queues.bulk.length === 0) return;
      await new Promise<void>((resolve) => {
        idle = resolve;
      });
    },
  };
}

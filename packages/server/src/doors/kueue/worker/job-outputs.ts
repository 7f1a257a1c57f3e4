import type { TaskId } from '../../../domain/ids.ts';
import type { InboundGate } from '../../kit/inbound-gate.ts';
import type { Desk } from '../desk.ts';
import type { LongValue } from '../frames.ts';
import { createResultsReader } from '../results-reader.ts';

export interface LongResultsEars {
  /** The job is named: its outputs are on their way. */
  began(id: TaskId): void;
  ended(id: TaskId): void;
  malformed(): void;
}

/** Outputs of a worker's jobs into the logs of their attempts: in order per job, bounded, outputs of others' jobs dropped. */
export class JobOutputs {
  readonly #desk: Desk;
  readonly #gate: InboundGate;
  readonly #attemptOf: (task: TaskId) => number | null;
  readonly #tails = new Map<TaskId, Promise<unknown>>();

  /** `attemptOf`: the attempt that this connection holds of a task; null: none, its outputs are not believed (kueue §6.9). */
  constructor(desk: Desk, gate: InboundGate, attemptOf: (task: TaskId) => number | null) {
    this.#desk = desk;
    this.#gate = gate;
    this.#attemptOf = attemptOf;
  }

  add(task: TaskId, stream: 'out' | 'err', bytes: Uint8Array): void {
    const attempt = this.#attemptOf(task);
    if (attempt === null) return;
    this.#gate.begin(bytes.length);
    const done = this.#append(task, attempt, stream, bytes).finally(() => this.#gate.finish(bytes.length));
    const tail = Promise.all([this.#tails.get(task), done]);
    this.#tails.set(task, tail);
  }

  /** When all that was added of a task is committed (or could not be). */
  async settled(task: TaskId): Promise<void> {
    const tail = this.#tails.get(task);
    await tail;
    if (this.#tails.get(task) === tail) this.#tails.delete(task);
  }

  reader(ears: LongResultsEars): LongValue {
    let job = -1;
    return createResultsReader({
      job: (id) => {
        job = id;
        ears.began(id);
      },
      text: (stream, bytes) => this.add(job, stream, bytes),
      end: (done) => {
        if (done === null) ears.malformed();
        else {
          if (done.dropped > 0) this.#note(job, done.dropped);
          ears.ended(job);
        }
      },
    });
  }

  #note(task: TaskId, bytes: number): void {
    this.add(
      task,
      'err',
      Buffer.from(`\n[switchyard: ${bytes} bytes of output came before the job was named and were not kept]\n`),
    );
  }

  async #append(task: TaskId, attempt: number, stream: 'out' | 'err', bytes: Uint8Array): Promise<void> {
    const { engine, log } = this.#desk;
    // An output that cannot be stored must not keep its job from ending.
    try {
      const done = await engine.logs.append({ task, attempt, stream }, null, bytes);
      if (done.refusal !== undefined) log.warn({ task, attempt, stream, code: done.refusal.code }, 'kueue:output-refused');
    } catch (cause) {
      log.warn({ task, attempt, stream, err: cause instanceof Error ? cause.message : String(cause) }, 'kueue:output-failed');
    }
  }
}

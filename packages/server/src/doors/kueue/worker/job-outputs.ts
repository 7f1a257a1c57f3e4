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

/** One stream of one attempt on its way to the log: at most one append at a time, what comes meanwhile goes with the next. */
interface Stream {
  readonly waiting: Uint8Array[];
  writing: Promise<void> | null;
}

/** Outputs of a worker's jobs into the logs of their attempts: in order, bounded, outputs of others' jobs dropped. */
export class JobOutputs {
  readonly #desk: Desk;
  readonly #gate: InboundGate;
  readonly #attemptOf: (task: TaskId) => number | null;
  readonly #streams = new Map<string, Stream>();

  /** `attemptOf`: the attempt that this connection holds of a task; null: none, its outputs are not believed (kueue §6.9). */
  constructor(desk: Desk, gate: InboundGate, attemptOf: (task: TaskId) => number | null) {
    this.#desk = desk;
    this.#gate = gate;
    this.#attemptOf = attemptOf;
  }

  add(task: TaskId, stream: 'out' | 'err', bytes: Uint8Array): void {
    const attempt = this.#attemptOf(task);
    if (attempt === null || bytes.length === 0) return;
    this.#gate.begin(bytes.length);
    const key = `${task} ${stream}`;
    const state = this.#streams.get(key) ?? { waiting: [], writing: null };
    this.#streams.set(key, state);
    state.waiting.push(bytes);
    state.writing ??= this.#write(key, state, { task, attempt, stream });
  }

  /** When all that was added of a task was handed to the store (or could not be): what is done from then on comes after it. */
  async handedIn(task: TaskId): Promise<void> {
    const attempt = this.#attemptOf(task);
    if (attempt === null) return;
    for (const stream of ['out', 'err'] as const) {
      for (let state = this.#streams.get(`${task} ${stream}`); state !== undefined && state.waiting.length > 0; ) {
        await state.writing;
        state = this.#streams.get(`${task} ${stream}`);
      }
    }
    await this.#desk.engine.logs.handedIn(task, attempt);
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

  async #write(key: string, state: Stream, at: { task: TaskId; attempt: number; stream: 'out' | 'err' }): Promise<void> {
    while (state.waiting.length > 0) {
      const pieces = state.waiting.splice(0);
      const [only] = pieces;
      const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
      await this.#append(at, bytes);
      this.#gate.finish(bytes.length);
    }
    state.writing = null;
    this.#streams.delete(key);
  }

  async #append(at: { task: TaskId; attempt: number; stream: 'out' | 'err' }, bytes: Uint8Array): Promise<void> {
    const { engine, log } = this.#desk;
    // An output that cannot be stored must not keep its job from ending.
    try {
      const done = await engine.logs.append(at, null, bytes);
      if (done.refusal !== undefined) log.warn({ ...at, code: done.refusal.code }, 'kueue:output-refused');
    } catch (cause) {
      log.warn({ ...at, err: cause instanceof Error ? cause.message : String(cause) }, 'kueue:output-failed');
    }
  }
}

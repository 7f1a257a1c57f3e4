import type { Assignment } from '../../../src/engine/commands.ts';
import { connect, ok, type TestWorker, workerPrincipal } from '../../engine/lib/yard.ts';
import { until } from '../../lib/until.ts';
import type { Place } from './place.ts';

export interface EndOptions {
  readonly outcome?: 'succeeded' | 'failed';
  readonly extensions?: number;
  readonly steps?: number;
  readonly error?: string;
  /** Files by their names. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A worker for stages, steered by the test: says what a stage shows of itself, and how it ends. */
export class Stager {
  readonly worker: TestWorker;
  readonly #place: Place;
  #taken = 0;

  private constructor(place: Place, worker: TestWorker) {
    this.#place = place;
    this.worker = worker;
  }

  static async enter(place: Place, slots = 1): Promise<Stager> {
    return new Stager(place, await connect(place.yard, { kinds: ['oxdna'], slots }));
  }

  /** The next stage that it is given. */
  async take(): Promise<Assignment> {
    await until(() => this.worker.got.length > this.#taken);
    const given = this.worker.got[this.#taken]!;
    this.#taken += 1;
    return given;
  }

  payload({ body }: Assignment): { stage: number; steps: number; input: string; printEvery: number } {
    return (JSON.parse(body) as { payload: ReturnType<Stager['payload']> }).payload;
  }

  progress({ task, body }: Assignment, done: number, extensions = 0): void {
    const { steps } = (JSON.parse(body) as { payload: { steps: number } }).payload;
    const value = { done, total: steps * (1 + extensions), unit: 'steps', phase: null };
    this.#place.yard.engine.progress(task.id, task.attempt, value);
  }

  show({ task }: Assignment, at: number, text: string): void {
    this.#place.yard.engine.live.put(task.id, task.attempt, 'configuration', { at, bytes: Buffer.from(text) });
  }

  async end({ task, body }: Assignment, options: EndOptions = {}): Promise<void> {
    const { outcome = 'succeeded', extensions = 0, error = null, files = {} } = options;
    const { steps } = (JSON.parse(body) as { payload: { steps: number } }).payload;
    const totalSteps = steps * (1 + extensions);
    const { engine } = this.#place.yard;
    const artifacts = await Promise.all(
      Object.entries(files).map(async ([path, text]) => {
        const { blob } = ok(await engine.files.write(workerPrincipal, bytesOf(text)));
        return { path, blob, size: Buffer.byteLength(text) };
      }),
    );
    const result = {
      ...{ extensions, steps: options.steps ?? totalSteps, totalSteps },
      ...{ engine: 'test', energy: -1, stretched: 0 },
    };
    ok(
      await engine.command(workerPrincipal, 'end', {
        ...{ task: task.id, session: this.worker.session, attempt: task.attempt },
        ...{ outcome, reason: outcome === 'failed' ? ('exit' as const) : null },
        ...{ exitCode: outcome === 'failed' ? 1 : 0, signal: null, error, result: JSON.stringify(result), artifacts },
      }),
    );
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

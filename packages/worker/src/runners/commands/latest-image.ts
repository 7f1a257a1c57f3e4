import { limits } from '../../limits.ts';
import type { Timer } from '../../system.ts';
import type { RunContext } from '../runner.ts';

/** What the server can show (`ports/images.ts` I2). */
const shown = /\.(png|jpe?g|tiff?|webp)$/i;
/** The last picture may keep the end of the task waiting for so long. */
const lastMs = 5_000;

/** Pictures of one command on their way to the server: one at a time, not too often, the newest wins. */
export class LatestImage {
  readonly #context: Pick<RunContext, 'sendImage' | 'stop' | 'system'>;
  readonly #hurry = new AbortController();
  #waiting: string | null = null;
  #sending: Promise<void> | null = null;
  #timer: Timer | null = null;

  constructor(context: Pick<RunContext, 'sendImage' | 'stop' | 'system'>) {
    this.#context = context;
  }

  offer(path: string): void {
    if (!shown.test(path)) return;
    this.#waiting = path;
    if (this.#timer === null) this.#send();
  }

  /** Sends the newest one that still waits, in a hurry. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    const patience = this.#context.system.after(lastMs, () => this.#hurry.abort());
    await this.#sending;
    if (!this.#context.stop.aborted) this.#send();
    this.#timer?.cancel();
    await this.#sending;
    patience.cancel();
  }

  #send(): void {
    const path = this.#waiting;
    if (path === null || this.#sending !== null) return;
    this.#waiting = null;
    const stop = AbortSignal.any([this.#context.stop, this.#hurry.signal]);
    this.#sending = this.#context.sendImage(path, stop).finally(() => {
      this.#sending = null;
    });
    this.#timer = this.#context.system.after(limits.imageEveryMs, () => {
      this.#timer = null;
      this.#send();
    });
  }
}

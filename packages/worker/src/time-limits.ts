import type { System, Timer } from './system.ts';

/**
 * The two time limits of a running task: the whole run, and the longest silence (no output, no report). 0: no limit.
 * Both stand still while it is suspended. One timer each, armed anew only when it rings: output costs no timer.
 */
export class TimeLimits {
  readonly #system: System;
  readonly #over: (why: 'timeout' | 'silence') => void;
  readonly #silenceMs: number;
  /** True while it is we who do not listen. */
  readonly #deaf: () => boolean;
  #runLeft: number;
  #runSince: number;
  #heardAt: number;
  #run: Timer | null = null;
  #silence: Timer | null = null;

  constructor(
    limits: { readonly timeoutMs: number; readonly silenceMs: number },
    system: System,
    deaf: () => boolean,
    over: (why: 'timeout' | 'silence') => void,
  ) {
    this.#system = system;
    this.#over = over;
    this.#deaf = deaf;
    this.#runLeft = limits.timeoutMs;
    this.#silenceMs = limits.silenceMs;
    this.#runSince = system.monotonic();
    this.#heardAt = this.#runSince;
    this.#arm();
  }

  heard(): void {
    if (this.#silenceMs > 0) this.#heardAt = this.#system.monotonic();
  }

  suspend(): void {
    if (this.#runLeft > 0) this.#runLeft = Math.max(1, this.#runLeft - (this.#system.monotonic() - this.#runSince));
    this.close();
  }

  resume(): void {
    this.close();
    this.#runSince = this.#system.monotonic();
    this.heard();
    this.#arm();
  }

  close(): void {
    this.#run?.cancel();
    this.#silence?.cancel();
  }

  #arm(): void {
    if (this.#runLeft > 0) this.#run = this.#system.after(this.#runLeft, () => this.#over('timeout'));
    if (this.#silenceMs > 0) this.#awaitSilence(this.#silenceMs);
  }

  #awaitSilence(ms: number): void {
    this.#silence = this.#system.after(ms, () => {
      if (this.#deaf()) this.heard();
      const left = this.#heardAt + this.#silenceMs - this.#system.monotonic();
      if (left <= 0) this.#over('silence');
      else this.#awaitSilence(left);
    });
  }
}

import { randomUUID } from 'node:crypto';
import type { System, Timer } from '../../src/system.ts';

/** Time that stands still until a test turns it. */
export class FakeSystem implements System {
  #now = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Timer {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  dice(): number {
    return 0.5;
  }

  uuid(): string {
    return randomUUID();
  }

  get timers(): number {
    return this.#timers.length;
  }

  turn(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.call();
    }
    this.#now = until;
  }
}

import { limits } from './limits.ts';
import type { Report } from './progress.ts';
import type { System, Timer } from './system.ts';

/** Reports of one attempt: the newest wins, at most four a second, none while the connection is away or clogged. */
export class Reports {
  readonly #system: System;
  readonly #send: (report: Report) => boolean;
  #next: Report | null = null;
  #timer: Timer | null = null;

  /** `send` answers false when the report cannot leave now. */
  constructor(system: System, send: (report: Report) => boolean) {
    this.#system = system;
    this.#send = send;
  }

  offer(report: Report): void {
    this.#next = this.#next === null ? report : { ...this.#next, ...report };
    if (this.#timer === null) this.#leave();
  }

  /** Now, whatever the rhythm: before the end of the attempt. */
  flush(): void {
    if (this.#next !== null && this.#send(this.#next)) this.#next = null;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #leave(): void {
    this.flush();
    this.#timer = this.#system.after(limits.reportEveryMs, () => {
      this.#timer = null;
      if (this.#next !== null) this.#leave();
    });
  }
}

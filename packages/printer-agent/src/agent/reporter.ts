import type { System } from '../system.ts';

export interface Reported {
  /** What must be told at once when it changes. */
  urgent(): string;
  data(): Readonly<Record<string, unknown>>;
}

export const reportRhythm = { everyMs: 1_000, signOfLifeMs: 10_000 } as const;

/** When one printer's status is told: at most once a second, at once when something important changes, every 10 s anyway (printerlynx §5.3). */
export class Reporter {
  readonly #system: Pick<System, 'monotonic'>;
  readonly #printer: Reported;
  readonly #send: (data: Readonly<Record<string, unknown>>) => boolean;
  #urgent = '';
  #told = '';
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(system: Pick<System, 'monotonic'>, printer: Reported, send: (data: Readonly<Record<string, unknown>>) => boolean) {
    this.#system = system;
    this.#printer = printer;
    this.#send = send;
  }

  /** Something may have changed. Cheap: it is called for every line of a print. */
  changed(): void {
    if (this.#printer.urgent() !== this.#urgent) this.now();
  }

  /** To be called about once a second. `roomy`: the connection takes what could wait. */
  tick(roomy: boolean): void {
    const age = this.#system.monotonic() - this.#toldAt;
    if (!roomy || age < reportRhythm.everyMs) return;
    if (age >= reportRhythm.signOfLifeMs || JSON.stringify(this.#printer.data()) !== this.#told) this.now();
  }

  now(): void {
    const data = this.#printer.data();
    if (!this.#send(data)) return;
    this.#urgent = this.#printer.urgent();
    this.#told = JSON.stringify(data);
    this.#toldAt = this.#system.monotonic();
  }
}

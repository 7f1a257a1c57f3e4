import { randomUUID } from 'node:crypto';
import type { System, Timer } from '../../src/system.ts';

interface Due {
  readonly at: number;
  readonly call: () => void;
}

/** Time that stands still until a test turns it; what is due at the same moment comes in the order in which it was asked for. */
export class FakeSystem implements System {
  #now = 1_000;
  #due: Due[] = [];
  readonly #dice: () => number;

  constructor(dice: () => number = () => 0.5) {
    this.#dice = dice;
  }

  monotonic(): number {
    return this.#now;
  }

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  after(ms: number, call: () => void): Timer {
    const due = { at: this.#now + ms, call };
    let index = this.#due.length;
    while (index > 0 && (this.#due[index - 1]?.at ?? 0) > due.at) index -= 1;
    this.#due.splice(index, 0, due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  dice(): number {
    return this.#dice();
  }

  uuid(): string {
    return randomUUID();
  }

  get timers(): number {
    return this.#due.length;
  }

  /** Everything that is due within so many milliseconds, in order. */
  turn(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#due[0]; next !== undefined && next.at <= until; next = this.#due[0]) {
      this.#now = Math.max(this.#now, next.at);
      this.#due.shift();
      next.call();
    }
    this.#now = until;
  }

  /** Turns in small steps until it holds. */
  turnUntil(holds: () => boolean, mostMs: number, stepMs = 50): void {
    for (let passed = 0; passed < mostMs && !holds(); passed += stepMs) this.turn(stepMs);
    if (!holds()) throw new Error(`it did not come true within ${mostMs} ms of this clock`);
  }
}

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

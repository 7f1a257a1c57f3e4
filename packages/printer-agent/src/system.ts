import { randomUUID } from 'node:crypto';

/** Time and chance, handed in so that tests may turn them. Milliseconds. */
export interface System {
  /** Since some fixed moment; never jumps. */
  monotonic(): number;
  /** Wall clock, ms since 1970. */
  now(): number;
  after(ms: number, call: () => void): Timer;
  /** 0 ≤ x < 1. */
  dice(): number;
  uuid(): string;
}

export interface Timer {
  cancel(): void;
}

export const realSystem: System = {
  monotonic: () => performance.now(),
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  dice: () => Math.random(),
  uuid: () => randomUUID(),
};

/** A span that doubles from `first` to `most`, less up to half by chance. */
export function backoff(turn: number, { first, most }: { first: number; most: number }, system: Pick<System, 'dice'>): number {
  return Math.min(first * 2 ** Math.min(turn, 30), most) * (0.5 + system.dice() / 2);
}

/** Time comes in here and nowhere else. Tests hand in one that they turn themselves. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** Monotonic ms: leases and deadlines in memory use this, so that a jump of the wall clock hurts nobody. */
  monotonic(): number;
  /** Calls back once after `ms`; never keeps the process alive. */
  after(ms: number, call: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** Randomness and unguessable names. */
export interface Random {
  /** 0 ≤ x < 1. */
  dice(): number;
  uuid(): string;
  /** URL-safe text of so many random bytes. */
  secret(bytes: number): string;
}

/** How much a peer may do: so many units a second on average, a burst at once. Pure: told the time (monotonic ms). */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  /** `perSecond` of 0: without limit. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond / 1_000;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  /** Takes, even what is not there: what was done cannot be undone. */
  take(amount: number): void {
    this.#level -= amount;
  }

  /** Milliseconds until what was taken is paid for; 0: it is. */
  wait(now: number): number {
    if (this.#level >= 0) return 0;
    this.#fill(now);
    return this.#level >= 0 ? 0 : Math.ceil(-this.#level / this.#perMs);
  }

  #fill(now: number): void {
    // 0 * Infinity is no number; without limit it is full at any time.
    const gained = this.#perMs === Number.POSITIVE_INFINITY ? this.#burst - this.#level : (now - this.#at) * this.#perMs;
    this.#level = Math.min(this.#burst, this.#level + gained);
    this.#at = now;
  }
}

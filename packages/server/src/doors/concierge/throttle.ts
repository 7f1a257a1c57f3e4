import type { Clock } from '../../ports/clock.ts';
import type { Pausable } from '../kit/inbound-gate.ts';
import { TokenBucket } from '../kit/token-bucket.ts';

export interface ThrottleLimits {
  /** 0: without limit. */
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Bursts: what two seconds allow, all at once. */
const burstSeconds = 2;

/**
 * What one client says, at the speed that it is granted: too much of it is not refused, reading stops (concierge §8). Frames
 * that came with the same packet wait here, in order.
 */
export class Throttle {
  readonly #source: Pausable;
  readonly #clock: Clock;
  readonly #take: (frame: Buffer) => void;
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;
  #inbox: Buffer[] = [];
  #holds = 0;
  #excusedSince: number | null = null;
  #excusedMs = 0;
  #closed = false;

  constructor(source: Pausable, clock: Clock, limits: ThrottleLimits, take: (frame: Buffer) => void) {
    const now = clock.monotonic();
    this.#source = source;
    this.#clock = clock;
    this.#take = take;
    this.#frames = new TokenBucket(limits.framesPerSecond, limits.framesPerSecond * burstSeconds || Number.MAX_VALUE, now);
    this.#bytes = new TokenBucket(limits.bytesPerSecond, limits.bytesPerSecond * burstSeconds || Number.MAX_VALUE, now);
  }

  /** True while we do not read because it said too much: its silence is our doing. */
  get excused(): boolean {
    return this.#excusedSince !== null;
  }

  /** How long that was so, in all, ms. */
  get excusedMs(): number {
    return this.#excusedMs;
  }

  receive(frame: Buffer): void {
    this.#frames.take(1);
    this.#bytes.take(frame.length);
    this.#inbox.push(frame);
    this.#drain();
  }

  /** What answering cost counts like what was said. */
  charge(bytes: number): void {
    this.#bytes.take(bytes);
  }

  /** Stops reading until the returned function is called (once counts). */
  hold(): () => void {
    if (this.#holds++ === 0) this.#source.pause();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#drain();
    };
  }

  close(): void {
    this.#closed = true;
    this.#inbox = [];
    this.#source.resume();
  }

  #drain(): void {
    while (!this.#closed && this.#inbox.length > 0) {
      this.#look();
      if (this.#holds > 0) return;
      const next = this.#inbox.shift();
      if (next !== undefined) this.#take(next);
    }
    if (!this.#closed && this.#holds === 0) this.#source.resume();
  }

  #look(): void {
    if (this.#closed || this.#excusedSince !== null) return;
    const now = this.#clock.monotonic();
    const wait = Math.max(this.#frames.wait(now), this.#bytes.wait(now));
    if (wait === 0) return;
    const release = this.hold();
    this.#excusedSince = now;
    this.#clock.after(wait, () => {
      this.#excusedMs += this.#clock.monotonic() - now;
      this.#excusedSince = null;
      release();
    });
  }
}

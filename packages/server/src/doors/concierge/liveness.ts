import type { Clock } from '../../ports/clock.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import type { ConciergeLimits } from './limits.ts';
import type { Throttle } from './throttle.ts';

export interface LivenessDeps {
  readonly clock: Clock;
  readonly limits: Pick<ConciergeLimits, 'heartbeatMs' | 'silenceMs' | 'probeMs'>;
  /** While it is not read, its silence is our doing. */
  readonly throttle: Pick<Throttle, 'excused' | 'excusedMs'>;
  readonly ping: () => void;
  /** It answers no more; `stop` must follow. */
  readonly failed: () => void;
}

/**
 * Whether a client still answers Pings; nothing else counts, for one that has stopped reading may go on talking (trap T4).
 * Beats are counted from the connect.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #limits: LivenessDeps['limits'];
  readonly #throttle: LivenessDeps['throttle'];
  readonly #ping: () => void;
  readonly #failed: () => void;
  readonly #stopBeat: () => void;
  /** Monotonic, ms; the time during which we did not read is added at each beat. */
  #lastSign: number;
  #excusedBefore = 0;
  #begun = false;
  #probes: ((alive: boolean) => void)[] = [];

  constructor(deps: LivenessDeps) {
    this.#clock = deps.clock;
    this.#limits = deps.limits;
    this.#throttle = deps.throttle;
    this.#ping = deps.ping;
    this.#failed = deps.failed;
    this.#lastSign = deps.clock.monotonic();
    this.#stopBeat = startHeartbeat(deps.clock, deps.limits.heartbeatMs, () => this.#beat());
  }

  /** HELLO has been said: from now on it is pinged (trap T2: nothing may come before). */
  begin(): void {
    this.#begun = true;
  }

  /** A Ping or Pong came. */
  sign(): void {
    this.#lastSign = this.#clock.monotonic();
    this.#settle(true);
  }

  /** `call` is told at once where it is known, else after a Ping and at most `probeMs`. */
  probe(call: (alive: boolean) => void): void {
    if (this.#clock.monotonic() - this.#lastSign <= this.#limits.probeMs) {
      call(true);
      return;
    }
    this.#probes.push(call);
    if (this.#probes.length > 1) return;
    this.#ping();
    this.#clock.after(this.#limits.probeMs, () => {
      if (this.#probes.length > 0) this.#failed();
    });
  }

  /** It is gone; whoever asked is told so. Idempotent. */
  stop(): void {
    this.#stopBeat();
    this.#settle(false);
  }

  #beat(): void {
    if (!this.#begun || this.#throttle.excused) return;
    this.#lastSign += this.#throttle.excusedMs - this.#excusedBefore;
    this.#excusedBefore = this.#throttle.excusedMs;
    if (this.#clock.monotonic() - this.#lastSign <= this.#limits.silenceMs) this.#ping();
    else this.#failed();
  }

  #settle(alive: boolean): void {
    for (const call of this.#probes.splice(0)) call(alive);
  }
}

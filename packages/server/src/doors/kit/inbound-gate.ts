/** Something that can stop reading. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/**
 * Bounds what is being worked on for one peer: reading pauses when more than `high` is in flight and goes on at half of it.
 * Weights are whatever the door counts (commands, bytes).
 */
export class InboundGate {
  readonly #source: Pausable;
  readonly #high: number;
  #inFlight = 0;
  #paused = false;

  constructor(source: Pausable, high: number) {
    this.#source = source;
    this.#high = high;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(weight: number): void {
    this.#inFlight += weight;
    if (this.#paused || this.#inFlight <= this.#high) return;
    this.#paused = true;
    this.#source.pause();
  }

  finish(weight: number): void {
    this.#inFlight -= weight;
    if (!this.#paused || this.#inFlight > this.#high / 2) return;
    this.#paused = false;
    this.#source.resume();
  }
}

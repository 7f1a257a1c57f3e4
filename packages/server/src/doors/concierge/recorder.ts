/** The last frames that were said to one client, by their number (0: the first after its first HELLO). Bounded in bytes. */
export class Recorder {
  readonly #limit: number;
  #frames: Buffer[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of the next frame. */
  get next(): number {
    return this.#first + this.#frames.length;
  }

  record(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#bytes > this.#limit) this.#shrink();
  }

  /** Everything from this number on; null: it is not known any more, or never was. */
  since(number: number): readonly Buffer[] | null {
    return number < this.#first || number > this.next ? null : this.#frames.slice(number - this.#first);
  }

  /** To three quarters, so that not every frame moves all others. */
  #shrink(): void {
    let gone = 0;
    while (this.#bytes > this.#limit * 0.75) this.#bytes -= this.#frames[gone++]?.length ?? 0;
    this.#frames = this.#frames.slice(gone);
    this.#first += gone;
  }
}

const lineFeed = 10;
const carriageReturn = 13;

/** Cuts bytes into lines, however they come in pieces. Of a line that is too long only the beginning is kept. */
export class LineCutter {
  readonly #most: number;
  #begun = '';

  constructor(most: number) {
    this.#most = most;
  }

  /** Without their ends; empty lines are left out. */
  cut(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== lineFeed && bytes[at] !== carriageReturn) continue;
      this.#add(bytes, from, at);
      if (this.#begun !== '') lines.push(this.#begun);
      this.#begun = '';
      from = at + 1;
    }
    this.#add(bytes, from, bytes.length);
    return lines;
  }

  #add(bytes: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.#most - this.#begun.length);
    if (end > from) this.#begun += Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('latin1');
  }
}

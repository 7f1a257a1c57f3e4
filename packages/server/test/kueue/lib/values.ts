/**
 * JSON values back to back, as a peer of the protocol reads them (kueue §1). Written for tests, apart from the product: simple,
 * and as strict as the real programs about what is whole.
 */
export class ValueSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: string[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #within = false;

  /** Whole values as text, in order. */
  push(bytes: Uint8Array): string[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    const values: string[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      if (!this.#step(text.charCodeAt(at))) continue;
      values.push(this.#parts.join('') + text.slice(from, at + 1));
      this.#parts = [];
      from = at + 1;
    }
    if (from < text.length) this.#parts.push(text.slice(from));
    return values;
  }

  /** True: a value ends with this character. */
  #step(character: number): boolean {
    if (!this.#within && character !== 0x22 && character !== 0x7b) {
      throw new Error(`neither a string nor an object: ${String.fromCharCode(character)}`);
    }
    this.#within = true;
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === 0x5c) this.#escaped = true;
      else if (character === 0x22) this.#inString = false;
    } else if (character === 0x22) this.#inString = true;
    else if (character === 0x7b || character === 0x5b) this.#depth++;
    else if (character === 0x7d || character === 0x5d) this.#depth--;
    const ends = !this.#inString && this.#depth === 0;
    if (ends) this.#within = false;
    return ends;
  }
}

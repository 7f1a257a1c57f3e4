/**
 * JSON values back to back, as a peer of the protocol reads them (kueue §1). Written for tests, apart from the product: slow,
 * simple, and as strict as the real programs about what is whole.
 */
export class ValueSplitter {
  #text = '';
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** Whole values as text, in order. */
  push(bytes: Uint8Array): string[] {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const values: string[] = [];
    for (;;) {
      const end = endOfValue(this.#text);
      if (end === null) return values;
      values.push(this.#text.slice(0, end));
      this.#text = this.#text.slice(end);
    }
  }

  get rest(): string {
    return this.#text;
  }
}

function endOfValue(text: string): number | null {
  if (text === '') return null;
  if (text[0] !== '"' && text[0] !== '{') throw new Error(`neither a string nor an object: ${JSON.stringify(text.slice(0, 40))}`);
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (!inString && depth === 0 && at > 0) return at + 1;
  }
  return null;
}

import { type Accumulator, createAccumulator } from './accumulator.ts';

/**
 * Bytes to whole JSON values, back to back without delimiters (kueue §1). Linear in time, whatever the split; text is
 * decoded only when a value is whole. What is inside a value is the decoder's matter.
 */
export interface Frame {
  readonly bytes: Buffer;
  /** Colons outside strings: as many as keys, so that a doubled key can be told (`decode.ts`). */
  readonly colons: number;
  /** A number with a point, an exponent, a sign or more digits than a double holds: `JSON.parse` alone would hide it. */
  readonly odd: boolean;
}

export type FrameFault = 'garbage' | 'too_large' | 'too_deep';

/** Takes the bytes of a value that is not collected. */
export interface LongValue {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface FrameOptions {
  /** Largest value that is collected. Looked at for every value: it changes with the phase of the connection. */
  limit(): number;
  readonly depth: number;
  readonly streamFrom: number;
  frame(frame: Frame): void;
  /** A value grew to `streamFrom` bytes; given its beginning. Null: collect on. */
  long?(beginning: Buffer): LongValue | null;
}

export interface FrameReader {
  /** Null: fine so far. After a fault nothing is read any more. */
  push(chunk: Buffer): FrameFault | null;
  /** Reads nothing any more, not even the rest of the chunk. */
  stop(): void;
  /** A value was begun and is not whole. */
  readonly unfinished: boolean;
  /** Bytes collected of it. */
  readonly held: number;
}

const quote = 0x22;
const backslash = 0x5c;
const maxDigits = 15;

type Kind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
const kinds = { other: 0, quote: 1, open: 2, close: 3, colon: 4, digit: 5, exponent: 6, odd: 7, blank: 8 } as const;

function makeTable(): Uint8Array {
  const table = new Uint8Array(256);
  const put = (characters: string, kind: Kind): void => {
    for (const character of characters) table[character.charCodeAt(0)] = kind;
  };
  put('"', kinds.quote);
  put('{[', kinds.open);
  put('}]', kinds.close);
  put(':', kinds.colon);
  put('0123456789', kinds.digit);
  put('eE', kinds.exponent);
  put('.-', kinds.odd);
  put(' \t\r\n', kinds.blank);
  return table;
}
const table = makeTable();

export function createFrameReader(options: FrameOptions): FrameReader {
  return new Reader(options);
}

class Reader implements FrameReader {
  readonly #options: FrameOptions;
  readonly #collected: Accumulator = createAccumulator();
  #long: LongValue | null = null;
  #asked = false;
  #stopped = false;
  #within = false;
  #inString = false;
  /** The byte before was a backslash that escapes the next one. */
  #escaping = false;
  #depth = 0;
  #digits = 0;
  #colons = 0;
  #odd = false;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  get unfinished(): boolean {
    return this.#within;
  }

  get held(): number {
    return this.#collected.length;
  }

  stop(): void {
    this.#stopped = true;
    this.#collected.clear();
  }

  push(chunk: Buffer): FrameFault | null {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (!this.#within) {
        at = this.#skipBlanks(chunk, at);
        if (at === chunk.length) return null;
        const first = chunk[at];
        if (first !== quote && first !== 0x7b) return this.#fault('garbage');
        this.#begin();
      }
      const begin = at;
      const end = this.#scan(chunk, at);
      if (end === tooDeep) return this.#fault('too_deep');
      at = end === open ? chunk.length : end;
      const piece = begin === 0 && at === chunk.length ? chunk : chunk.subarray(begin, at);
      const fault = this.#take(piece, end !== open);
      if (fault !== null) return this.#fault(fault);
    }
    return null;
  }

  #skipBlanks(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && table[chunk[at] as number] === kinds.blank) at++;
    return at;
  }

  #begin(): void {
    this.#within = true;
    this.#inString = false;
    this.#escaping = false;
    this.#asked = false;
    this.#depth = 0;
    this.#digits = 0;
    this.#colons = 0;
    this.#odd = false;
  }

  #fault(fault: FrameFault): FrameFault {
    this.stop();
    return fault;
  }

  /** The index after the value's last byte, or that it goes on beyond the chunk, or that it is too deep. */
  #scan(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#scanString(chunk, at);
        if (this.#inString) return open;
        if (this.#depth === 0) return at;
        continue;
      }
      at = this.#scanStructure(chunk, at);
      if (at === tooDeep) return tooDeep;
      if (!this.#inString && this.#depth === 0) return at;
    }
    return open;
  }

  /** Up to a quote, or the end of the value, or of the chunk. */
  #scanStructure(chunk: Buffer, from: number): number {
    let at = from;
    let digits = this.#digits;
    for (; at < chunk.length; at++) {
      const kind = table[chunk[at] as number];
      if (kind === kinds.digit) {
        if (++digits > maxDigits) this.#odd = true;
        continue;
      }
      // `e` is in `true` and `false` too: an exponent only after a digit.
      if (kind === kinds.odd || (kind === kinds.exponent && digits > 0)) this.#odd = true;
      digits = 0;
      if (kind === kinds.quote) {
        this.#inString = true;
        at++;
        break;
      }
      if (kind === kinds.colon) this.#colons++;
      else if (kind === kinds.open) {
        if (++this.#depth > this.#options.depth) return tooDeep;
      } else if (kind === kinds.close && --this.#depth === 0) {
        at++;
        break;
      }
    }
    this.#digits = digits;
    return at;
  }

  /** To the byte after the closing quote; leaves `#inString` set if it is not in this chunk. */
  #scanString(chunk: Buffer, from: number): number {
    let at = from;
    for (;;) {
      const close = chunk.indexOf(quote, at);
      const stop = close === -1 ? chunk.length : close;
      // An odd run of backslashes before `stop` escapes what stands there; a run that reaches back to `at` joins the carried one.
      let run = 0;
      while (stop - run > at && chunk[stop - run - 1] === backslash) run++;
      const carried = stop - run === at && this.#escaping;
      const escaped = (run + (carried ? 1 : 0)) % 2 === 1;
      if (close === -1) {
        this.#escaping = escaped;
        return chunk.length;
      }
      this.#escaping = false;
      at = close + 1;
      if (!escaped) {
        this.#inString = false;
        return at;
      }
    }
  }

  /** A piece of the present value; `last`: it ends here. */
  #take(piece: Buffer, last: boolean): FrameFault | null {
    if (this.#long !== null) {
      this.#long.write(piece);
      if (last) this.#endLong(this.#long);
      return null;
    }
    let bytes = piece;
    if (!last || this.#collected.length > 0) {
      this.#collected.add(piece);
      bytes = this.#collected.view();
    }
    if (bytes.length >= this.#options.streamFrom && this.#beginLong(bytes, last)) return null;
    if (bytes.length > this.#options.limit()) return 'too_large';
    if (!last) return null;
    this.#within = false;
    this.#collected.clear();
    this.#options.frame({ bytes, colons: this.#colons, odd: this.#odd });
    return null;
  }

  #beginLong(beginning: Buffer, last: boolean): boolean {
    if (this.#asked) return false;
    this.#asked = true;
    const long = this.#options.long?.(beginning) ?? null;
    if (long === null) return false;
    this.#collected.clear();
    this.#long = long;
    long.write(beginning);
    if (last) this.#endLong(long);
    return true;
  }

  #endLong(long: LongValue): void {
    this.#long = null;
    this.#within = false;
    long.end();
  }
}

const open = -1;
const tooDeep = -2;

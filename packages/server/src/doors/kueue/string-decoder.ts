/**
 * The inside of a JSON string, incrementally: raw bytes to the bytes of its text, without ever making a string of it.
 * Whatever is between two escapes is copied in one go.
 */
export interface StringDecoder {
  /**
   * Reads from `at` to the closing quote or to the end of the chunk; returns the index after what was read, `fault` if that
   * is not a JSON string.
   */
  read(chunk: Buffer, at: number): number;
  /** The closing quote was read. */
  readonly closed: boolean;
  reset(out: (bytes: Uint8Array) => void): void;
}

export const fault = -1;

const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;
const pieceBytes = 65_536;
const replacement = 0xfffd;

const simple = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const low = byte | 0x20;
  return low >= 0x61 && low <= 0x66 ? low - 0x57 : -1;
}

export function createStringDecoder(): StringDecoder {
  return new Decoder();
}

class Decoder implements StringDecoder {
  #out: (bytes: Uint8Array) => void = () => {};
  #piece = Buffer.alloc(0);
  #used = 0;
  #closed = true;
  /** 0: not in an escape; 1: after the backslash; 2-5: that many less two hex digits were read. */
  #escape = 0;
  #unit = 0;
  /** First half of a surrogate pair, waiting for the other. */
  #high = 0;

  get closed(): boolean {
    return this.#closed;
  }

  reset(out: (bytes: Uint8Array) => void): void {
    this.#out = out;
    this.#used = 0;
    this.#closed = false;
    this.#escape = 0;
    this.#high = 0;
  }

  read(chunk: Buffer, from: number): number {
    let at = from;
    // Both are searched once and remembered: a search to the end of the chunk per escape would be quadratic.
    let nextQuote = -2;
    let nextEscape = -2;
    while (at < chunk.length) {
      if (this.#escape > 0) {
        if (!this.#escaped(chunk[at] as number)) return fault;
        at++;
        continue;
      }
      if (nextQuote !== chunk.length && nextQuote < at) nextQuote = find(chunk, quote, at);
      if (nextEscape !== chunk.length && nextEscape < at) nextEscape = find(chunk, backslash, at);
      const stop = Math.min(nextQuote, nextEscape);
      if (stop > at) this.#copy(chunk.subarray(at, stop));
      at = stop + 1;
      if (stop === chunk.length) return stop;
      if (stop === nextQuote) {
        this.#close();
        return at;
      }
      this.#escape = 1;
    }
    return at;
  }

  #escaped(byte: number): boolean {
    if (this.#escape === 1) {
      if (byte === letterU) {
        this.#escape = 2;
        this.#unit = 0;
        return true;
      }
      const plain = simple.get(byte);
      if (plain === undefined) return false;
      this.#escape = 0;
      this.#loneHigh();
      this.#put(plain);
      return true;
    }
    const digit = hexValue(byte);
    if (digit < 0) return false;
    this.#unit = this.#unit * 16 + digit;
    if (++this.#escape === 6) {
      this.#escape = 0;
      this.#codeUnit(this.#unit);
    }
    return true;
  }

  #codeUnit(unit: number): void {
    const low = unit >= 0xdc00 && unit <= 0xdfff;
    if (this.#high !== 0 && low) {
      const point = 0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00);
      this.#high = 0;
      this.#putPoint(point);
      return;
    }
    this.#loneHigh();
    if (unit >= 0xd800 && unit <= 0xdbff) this.#high = unit;
    else this.#putPoint(low ? replacement : unit);
  }

  #loneHigh(): void {
    if (this.#high === 0) return;
    this.#high = 0;
    this.#putPoint(replacement);
  }

  #putPoint(point: number): void {
    if (point < 0x80) this.#put(point);
    else if (point < 0x800) {
      this.#put(0xc0 | (point >> 6));
      this.#put(0x80 | (point & 0x3f));
    } else {
      if (point < 0x10000) this.#put(0xe0 | (point >> 12));
      else {
        this.#put(0xf0 | (point >> 18));
        this.#put(0x80 | ((point >> 12) & 0x3f));
      }
      this.#put(0x80 | ((point >> 6) & 0x3f));
      this.#put(0x80 | (point & 0x3f));
    }
  }

  #put(byte: number): void {
    if (this.#used === this.#piece.length) this.#flush();
    this.#piece[this.#used++] = byte;
  }

  #copy(run: Buffer): void {
    this.#loneHigh();
    let rest = run;
    while (rest.length > 0) {
      if (this.#used === this.#piece.length) this.#flush();
      const n = Math.min(rest.length, this.#piece.length - this.#used);
      this.#piece.set(rest.subarray(0, n), this.#used);
      this.#used += n;
      rest = rest.subarray(n);
    }
  }

  /** Hands the piece on and takes a new one: the receiver may keep it. */
  #flush(): void {
    if (this.#used > 0) this.#out(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafeSlow(pieceBytes);
    this.#used = 0;
  }

  #close(): void {
    this.#loneHigh();
    if (this.#used > 0) this.#out(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.alloc(0);
    this.#used = 0;
    this.#closed = true;
  }
}

function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at === -1 ? chunk.length : at;
}

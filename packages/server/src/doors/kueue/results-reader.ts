import type { LongValue } from './frames.ts';
import { createStringDecoder, fault } from './string-decoder.ts';

/** What a long `UpdateJobResults` says, in pieces (kueue §7.2: a job's whole output comes as one message). */
export interface ResultsSink {
  /** Before any text, as the real workers write it; a text that comes before it is dropped and counted. */
  job(id: number): void;
  text(stream: 'out' | 'err', bytes: Uint8Array): void;
  /** It is whole. `dropped`: bytes of text that came before the job was named. Null: it was malformed. */
  end(done: { dropped: number } | null): void;
}

const beginsResults = /^\s*\{\s*"UpdateJobResults"\s*:/;

/** Is this the beginning of results? */
export function areResults(beginning: Buffer): boolean {
  return beginsResults.test(beginning.toString('latin1', 0, 64));
}

type Mode = 'structure' | 'key' | 'text' | 'skipped' | 'literal';

const streams: Readonly<Record<string, 'out' | 'err'>> = { stdout_text: 'out', stderr_text: 'err' };
const keyBytes = 64;
const digits = /^[0-9]{1,16}$/;

/** `{"UpdateJobResults":{"job_id":…,"stdout_text":…,"stderr_text":…}}`, any order, more fields skipped. The frame's end is given. */
export function createResultsReader(sink: ResultsSink): LongValue {
  return new Reader(sink);
}

class Reader implements LongValue {
  readonly #sink: ResultsSink;
  readonly #string = createStringDecoder();
  #mode: Mode = 'structure';
  #depth = 0;
  /** The next string at this depth is a key. */
  #wantsKey = false;
  #key = '';
  #literal = '';
  #job: number | null = null;
  #dropped = 0;
  #broken = false;

  constructor(sink: ResultsSink) {
    this.#sink = sink;
  }

  write(bytes: Uint8Array): void {
    if (this.#broken) return;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      at = this.#mode === 'structure' || this.#mode === 'literal' ? this.#structure(chunk, at) : this.#inString(chunk, at);
    }
  }

  end(): void {
    this.#sink.end(this.#broken || this.#job === null ? null : { dropped: this.#dropped });
  }

  #inString(chunk: Buffer, from: number): number {
    const at = this.#string.read(chunk, from);
    if (at === fault) {
      this.#broken = true;
      return chunk.length;
    }
    if (this.#string.closed) this.#mode = 'structure';
    return at;
  }

  #structure(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const character = String.fromCharCode(chunk[at] as number);
      switch (character) {
        case '"':
          this.#beginString();
          return at + 1;
        case '{':
        case '[':
          this.#depth++;
          this.#wantsKey = character === '{';
          break;
        case '}':
        case ']':
          this.#endLiteral();
          this.#depth--;
          break;
        case ',':
          this.#endLiteral();
          this.#wantsKey = true;
          break;
        case ':':
          this.#wantsKey = false;
          this.#literal = '';
          break;
        default:
          this.#addLiteral(character);
      }
    }
    return chunk.length;
  }

  #beginString(): void {
    if (this.#wantsKey && this.#depth <= 2) {
      this.#key = '';
      this.#mode = 'key';
      this.#string.reset((bytes) => {
        if (this.#key.length < keyBytes) this.#key += Buffer.from(bytes).toString('latin1');
      });
      return;
    }
    const stream = this.#depth === 2 ? streams[this.#key] : undefined;
    this.#mode = stream === undefined ? 'skipped' : 'text';
    this.#string.reset((bytes) => {
      if (stream === undefined) return;
      if (this.#job === null) this.#dropped += bytes.length;
      else this.#sink.text(stream, bytes);
    });
  }

  #addLiteral(character: string): void {
    if (this.#depth === 2 && this.#literal.length < keyBytes && character.trim() !== '') this.#literal += character;
  }

  #endLiteral(): void {
    if (this.#depth === 2 && this.#key === 'job_id' && this.#literal !== '' && this.#job === null) {
      this.#job = digits.test(this.#literal) ? Number(this.#literal) : -1;
      this.#sink.job(this.#job);
    }
    this.#literal = '';
  }
}

import { closeSync, openSync, writeSync } from 'node:fs';

/** On disk and as an artifact; the task's own log is bounded by the server. */
const fileMost = 64 * 1_048_576;
const tailMost = 16_384;
const lastLines = 12;

/** The engine's log of one attempt: all runs in one file, and its last lines for people. */
export class EngineLog {
  readonly #file: number;
  #written = 0;
  #tail = '';
  #error: string | null = null;
  #rest = '';

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o644);
  }

  take(piece: Uint8Array): void {
    if (this.#written < fileMost) {
      this.#written += piece.length;
      this.#write(piece);
      if (this.#written >= fileMost) this.#write(Buffer.from('\n(more was not kept)\n'));
    }
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    this.#tail = (this.#tail + text).slice(-tailMost);
    this.#look(text);
  }

  /** A run begins: what went wrong before is of no interest any more. */
  begins(): void {
    this.#error = null;
    this.#rest = '';
    this.#tail = '';
  }

  /** The text of its first `ERROR:` line. */
  get error(): string | null {
    return this.#error;
  }

  get lines(): readonly string[] {
    const lines = this.#tail.split('\n').filter((line) => line.trim() !== '');
    return lines.slice(-lastLines).map((line) => line.slice(0, 240));
  }

  close(): void {
    closeSync(this.#file);
  }

  #look(text: string): void {
    if (this.#error !== null) return;
    const found = /(?:^|\n)ERROR: ([^\n]{1,1000})\n/.exec(this.#rest + text);
    this.#error = found?.[1]?.trim() ?? null;
    // An error may be cut by the border of two pieces.
    this.#rest = (this.#rest + text).slice(-2_048);
  }

  #write(bytes: Uint8Array): void {
    try {
      writeSync(this.#file, bytes);
    } catch {
      // A full disk: the task's log has it all the same.
      this.#written = fileMost;
    }
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { commandOf } from '@switchyard/sdk/gcode-lines.ts';
import type { FedLine } from '../marlin/machine.ts';

/** The lines of a print, one at a time. A promise only where the disk must be waited for. */
export interface Feed {
  /** Null: there are no more. Rejects when the file cannot be read on. */
  next(): FedLine | null | Promise<FedLine | null>;
  close(): Promise<void>;
}

const pieceBytes = 65_536;
/** So much of a line without end is kept: see `GcodeCheck`. */
const lineMost = 4_096;

/** Reads a file piece by piece: what is held never grows with the file. Its lines have been checked before. */
export class FileFeed implements Feed {
  readonly #file: FileHandle;
  #piece = Buffer.alloc(0);
  /** Where in the file the piece begins. */
  #pieceAt = 0;
  #at = 0;
  #ended = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<FileFeed> {
    return new FileFeed(await open(path, 'r'));
  }

  next(): FedLine | null | Promise<FedLine | null> {
    const line = this.#cut();
    if (line !== undefined) return line;
    return this.#ended ? this.#last() : this.#read();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Undefined: the piece holds no whole line any more. */
  #cut(): FedLine | undefined {
    for (;;) {
      const end = this.#piece.indexOf(10, this.#at);
      if (end < 0) return undefined;
      const text = commandOf(this.#piece.toString('utf8', this.#at, end));
      this.#at = end + 1;
      if (text !== '') return { text, offset: this.#pieceAt + this.#at };
    }
  }

  /** A last line without an end. */
  #last(): FedLine | null {
    const text = commandOf(this.#piece.toString('utf8', this.#at));
    const offset = this.#pieceAt + this.#piece.length;
    this.#at = this.#piece.length;
    return text === '' ? null : { text, offset };
  }

  async #read(): Promise<FedLine | null> {
    const left = this.#piece.subarray(this.#at);
    // Only a comment is that long: what it ends with is of no interest, but counts.
    const rest = left.subarray(0, lineMost);
    const dropped = left.length - rest.length;
    const buffer = Buffer.allocUnsafe(rest.length + pieceBytes);
    rest.copy(buffer);
    const from = this.#pieceAt + this.#piece.length;
    const { bytesRead } = await this.#file.read(buffer, rest.length, pieceBytes, from);
    this.#pieceAt += this.#at + dropped;
    this.#at = 0;
    this.#piece = buffer.subarray(0, rest.length + bytesRead);
    this.#ended = bytesRead === 0;
    return this.next();
  }
}

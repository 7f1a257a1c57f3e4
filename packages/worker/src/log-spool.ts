import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

/**
 * Log bytes of one stream that wait on disk for the server. Holds at most `cap` bytes: the first half of the cap as it came,
 * then a ring of the other half. What falls out between them is skipped: offsets stay those of the whole output.
 */
export class LogSpool {
  readonly #path: string;
  readonly #half: number;
  #file: number | null = null;
  /** Logical offsets: first byte ever put here since it was empty, next byte to write, next byte to read. */
  #start = 0;
  #end = 0;
  #at = 0;

  constructor(path: string, cap: number) {
    this.#path = path;
    this.#half = Math.max(1, Math.floor(cap / 2));
  }

  get empty(): boolean {
    return this.#at >= this.#end;
  }

  append(offset: number, bytes: Uint8Array): void {
    if (this.empty) {
      this.#start = offset;
      this.#at = offset;
      this.#end = offset;
    }
    try {
      this.#file ??= openSync(this.#path, 'w+', 0o600);
      this.#write(this.#file, bytes);
    } catch {
      // No room on this disk: the bytes are lost to the log, the task goes on, and the offset says how many are missing.
      this.#end = offset + bytes.length;
      this.#start = this.#end;
      this.#at = this.#end;
    }
  }

  /** The next bytes in order, or null. What is returned counts as read. */
  read(most: number): { readonly offset: number; readonly bytes: Uint8Array } | null {
    if (this.empty || this.#file === null) return null;
    this.#skipLost();
    const offset = this.#at;
    const bytes = Buffer.allocUnsafe(Math.min(most, this.#end - offset, this.#contiguous(offset)));
    const read = readSync(this.#file, bytes, 0, bytes.length, this.#position(offset));
    if (read === 0) {
      this.#at = this.#end;
      return null;
    }
    this.#at += read;
    return { offset, bytes: bytes.subarray(0, read) };
  }

  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
    this.#at = this.#end;
    try {
      unlinkSync(this.#path);
    } catch {
      // Somebody cleaned the folder: it is gone either way.
    }
  }

  #write(file: number, bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const piece = rest.subarray(0, this.#contiguous(this.#end));
      const written = writeSync(file, piece, 0, piece.length, this.#position(this.#end));
      this.#end += written;
      rest = rest.subarray(written);
    }
  }

  /** The ring has come round over bytes that nobody had read. */
  #skipLost(): void {
    const tail = Math.max(this.#start + this.#half, this.#end - this.#half);
    if (this.#at >= this.#start + this.#half && this.#at < tail) this.#at = tail;
  }

  #position(offset: number): number {
    const from = offset - this.#start;
    return from < this.#half ? from : this.#half + ((from - this.#half) % this.#half);
  }

  /** Bytes from this offset on that lie in one piece in the file. */
  #contiguous(offset: number): number {
    return this.#half - ((offset - this.#start) % this.#half);
  }
}

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dirMode, fileMode, orMissing, readUpTo, writeAll } from './disk.ts';
import { emptyExtent, extended, type LogExtent, shown, unknownExtent } from './log-extent.ts';
import { decodeLogHeader, encodeLogHeader } from './log-header.ts';
import { headerBytes, type LogLayout, overwrittenBelow, piecesOf } from './log-layout.ts';

export interface LogPart {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** One log's open file. Its caller lets one operation at a time happen. */
export class LogFile {
  readonly #handle: FileHandle;
  readonly #layout: LogLayout;
  readonly #flushes: boolean;
  #extent: LogExtent;
  /** What the header on disk says; null: there is none yet. */
  #stored: LogExtent | null;

  private constructor(handle: FileHandle, layout: LogLayout, extent: LogExtent, stored: LogExtent | null, flushes: boolean) {
    this.#handle = handle;
    this.#layout = layout;
    this.#extent = extent;
    this.#stored = stored;
    this.#flushes = flushes;
  }

  /** Null: there is no such file. A file that is damaged counts as empty: its bytes are reported missing. */
  static async open(path: string, layout: LogLayout, flushes: boolean): Promise<LogFile | null> {
    const handle = await orMissing(open(path, 'r+'));
    if (handle === null) return null;
    try {
      const bytes = new Uint8Array(headerBytes);
      const header = (await readUpTo(handle, bytes, 0)) === headerBytes ? decodeLogHeader(bytes) : null;
      if (header === null) return new LogFile(handle, layout, unknownExtent, null, flushes);
      const { size } = await handle.stat();
      // Within the head the file's size tells the end: the header is not written with every append.
      const end = Math.max(header.extent.end, Math.min(size - headerBytes, header.layout.head));
      return new LogFile(handle, header.layout, { ...header.extent, end }, header.extent, flushes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  static async create(path: string, layout: LogLayout, flushes: boolean): Promise<LogFile> {
    // Once the task's folder is there, no `drop` of a neighbour removes what is above it.
    await mkdir(dirname(path), { recursive: true, mode: dirMode });
    const handle = await open(path, 'wx+', fileMode);
    return new LogFile(handle, layout, emptyExtent, null, flushes);
  }

  /** The header goes first: after a crash, what may have been overwritten is never shown. */
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    const to = offset + bytes.byteLength;
    const next = extended(this.#extent, this.#layout, offset, to);
    await this.#prepare(next);
    const cutTo = overwrittenBelow(this.#layout, next.end);
    const inHead = { from: offset, to: Math.min(to, this.#layout.head) };
    const inRing = { from: Math.max(offset, cutTo), to };
    for (const span of [inHead, inRing]) {
      for (const piece of piecesOf(this.#layout, span)) {
        await writeAll(this.#handle, bytes.subarray(piece.from - offset, piece.to - offset), piece.position);
      }
    }
    this.#extent = next;
  }

  async #prepare(next: LogExtent): Promise<void> {
    const stored = this.#stored;
    const fits = stored !== null && next.end <= this.#layout.head && sameHoles(stored, next);
    if (fits) return;
    await writeAll(this.#handle, encodeLogHeader({ layout: this.#layout, extent: next }), 0);
    this.#stored = next;
    const overwrites = overwrittenBelow(this.#layout, next.end) > overwrittenBelow(this.#layout, stored?.end ?? 0);
    if (overwrites && this.#flushes) await this.#handle.datasync();
  }

  /** Logical bytes `start … end - 1` of a log of committed `length`, as far as they are there. */
  async read(length: number, start: number, end: number): Promise<LogPart[]> {
    const parts: LogPart[] = [];
    for (const span of shown(this.#extent, this.#layout, length, start, end)) {
      const bytes = new Uint8Array(span.to - span.from);
      let done = 0;
      for (const piece of piecesOf(this.#layout, span)) {
        const into = bytes.subarray(piece.from - span.from, piece.to - span.from);
        const got = await readUpTo(this.#handle, into, piece.position);
        done += got;
        if (got < into.byteLength) break;
      }
      if (done > 0) parts.push({ offset: span.from, bytes: bytes.subarray(0, done) });
    }
    return parts;
  }

  async flush(): Promise<void> {
    if (this.#flushes) await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function sameHoles(a: LogExtent, b: LogExtent): boolean {
  return (
    a.holes.length === b.holes.length && a.holes.every((hole, i) => hole.from === b.holes[i]?.from && hole.to === b.holes[i]?.to)
  );
}

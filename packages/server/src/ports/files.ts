import type { Readable } from 'node:stream';
import type { AttemptNumber, TaskId } from '../domain/ids.ts';
import type { LogStream } from '../domain/rows.ts';

/**
 * Content-addressed bytes. Rules (cited by `test/suites/blobs.suite.ts`):
 *
 * F1 The name of a blob is the SHA-256 of its bytes, 64 lower-case hex digits; nothing else is a name.
 * F2 A blob appears whole or not at all (temporary file, flush, rename); an aborted write leaves nothing.
 * F3 Over the size limit or the quota the write is refused, and what was there stays.
 * F4 Writing what exists is cheap and changes nothing.
 * F5 `sweep` removes blobs that are not in the given set and are older than the given age; never one being read.
 */
export interface Blobs {
  /** Rejects only with what the source threw. A source that is refused in mid-way is not destroyed: its caller ends it. */
  write(bytes: Readable | AsyncIterable<Uint8Array>, limit?: number): Promise<BlobWritten>;
  /**
   * Null: no such blob. `start` and `end` are inclusive byte offsets, cut to what there is; `size` is that of the whole blob.
   * The stream must be read to its end or destroyed: until then the blob is held.
   */
  read(blob: string, range?: { start: number; end: number }): Promise<{ stream: Readable; size: number } | null>;
  size(blob: string): Promise<number | null>;
  sweep(inUse: ReadonlySet<string>, olderThanMs: number): Promise<{ removed: number; bytes: number }>;
  usage(): Promise<{ blobs: number; bytes: number }>;
  close(): Promise<void>;
}

export type BlobWritten =
  | { readonly blob: string; readonly size: number }
  | { readonly refused: 'too_large' | 'quota' | 'storage'; readonly detail: string };

/**
 * Bytes of task logs that outgrew the store's 4 KiB. Rules (cited by `test/suites/logs.suite.ts`):
 *
 * L1 `write` puts bytes at a logical offset; writing the same bytes again changes nothing.
 * L2 Only `cap` bytes are kept: the first half of the cap and the last; `read` says what is missing in between.
 * L3 What lies beyond the committed length (given at every read) is never shown: a crash may have left it.
 * L4 No output, no file.
 * L5 `drop` removes the files of a task.
 */
export interface LogFiles {
  /** An offset beyond the end so far says that the bytes between are lost. Rejects when the disk fails. */
  write(at: LogAddress, offset: number, bytes: Uint8Array): Promise<void>;
  /** Logical bytes `start … end - 1` of a log of committed `length`; a gap is reported, not filled. */
  read(at: LogAddress, length: number, start: number, end: number): Promise<LogSlice>;
  drop(task: TaskId): Promise<void>;
  /** Tasks whose files were last written before a moment (ms), and the oldest beside them, so that the rest fits (null: no bound). */
  excess(writtenBefore: number, mostBytes: number | null): Promise<readonly { readonly task: TaskId; readonly bytes: number }[]>;
  readonly cap: number;
  close(): Promise<void>;
}

export interface LogAddress {
  readonly task: TaskId;
  readonly attempt: AttemptNumber;
  readonly stream: LogStream;
}

export interface LogSlice {
  /** In order; each with the logical offset it starts at. What is missing between two was cut, or lost by the sender. */
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

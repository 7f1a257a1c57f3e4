import type { Readable } from 'node:stream';
import type { Millis } from '../domain/ids.ts';

/**
 * Files that live clients leave for each other. They end with their client and with the server. Rules (tested
 * over the wire in `test/concierge/files.test.ts`):
 *
 * C1 A folder belongs to one live client, named by its UUID; it exists from the first file on.
 * C2 A file appears whole or not at all: an aborted, refused or failed write leaves what was there before.
 * C3 Names from outside are keys, never paths: nothing outside of the given folder is read, written or removed.
 * C4 Over a limit the write is refused, and what was there stays.
 * C5 `drop` removes a folder, aborts what is being written into it, and lets nothing be written there again.
 * C6 Opening removes what a predecessor left.
 */
export interface ClientFiles {
  /** Rejects only with what the source threw. */
  write(folder: string, path: string, bytes: AsyncIterable<Uint8Array>): Promise<ClientFileWritten>;
  find(folder: string, path: string): ClientFile | null;
  /** False: there is no such file. */
  remove(folder: string, path: string): Promise<boolean>;
  drop(folder: string): Promise<void>;
  usage(): { readonly files: number; readonly bytes: number };
  close(): Promise<void>;
}

export interface ClientFile {
  readonly size: number;
  readonly modifiedAt: Millis;
  /** Unlike that of every other file and of every other version of this one. */
  readonly version: string;
  /** Inclusive offsets. Null: it went meanwhile. The stream must be read to its end or destroyed. */
  read(range?: { readonly start: number; readonly end: number }): Promise<Readable | null>;
}

export type ClientFileWritten =
  | { readonly size: number }
  | { readonly refused: 'too_large' | 'quota' | 'gone' | 'storage'; readonly detail: string };

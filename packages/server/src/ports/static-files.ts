import type { Readable } from 'node:stream';
import type { Millis } from '../domain/ids.ts';

/**
 * A folder of the operator's that is shown as it is. Rules (tested in `test/files/static-files.test.ts`):
 *
 * V1 Nothing outside of the folder is found, whatever the names are and wherever links in it lead.
 * V2 Names that begin with a dot are not there, nor is what a link calls otherwise.
 * V3 What is read is what was found, or an error: never a mixture, never less without saying so.
 */
export interface StaticFiles {
  /** Names from the folder down, decoded; none: the folder itself. */
  find(names: readonly string[]): Promise<StaticFile | 'folder' | null>;
}

export interface StaticFile {
  readonly size: number;
  readonly modifiedAt: Millis;
  /** Unlike that of every other version of this file. */
  readonly version: string;
  /** Inclusive offsets. Null: it went or changed meanwhile. The stream must be read to its end or destroyed. */
  read(range: { readonly start: number; readonly end: number }): Promise<Readable | null>;
}

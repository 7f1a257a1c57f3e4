import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './sqlite-errors.ts';

/**
 * Keeps a second server away from the same file: the writer's row cache is only right while nobody else writes.
 * The lock is an exclusive transaction on an empty database beside it: the system drops it with the process, however it ends.
 */
export function lockFile(file: string): { release(): void } {
  const db = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    if (!isBusy(cause)) throw new Error(`${file}.lock cannot be written: ${String(cause)}`, { cause });
    throw new Error(`another server uses ${file}: stop it first, or give this one a data folder of its own`, { cause });
  }
  return {
    release() {
      if (db.isOpen) db.close();
    },
  };
}

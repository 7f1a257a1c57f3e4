/** Primary result codes that mean that the disk or the file failed, not the program. */
const storageCodes: ReadonlySet<number> = new Set([
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  26, // NOTADB
]);

/** SQLite's primary result code; null: another kind of error. */
function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Is it the storage (disk full, failing, taken away) rather than a bug? */
export function isStorageError(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== null && storageCodes.has(code);
}

export const isBusy = (error: unknown): boolean => primaryCode(error) === 5;

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

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

/** Is it the storage (disk full, failing, taken away) rather than a bug? */
export function isStorageError(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && storageCodes.has(error.errcode & 0xff);
}

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

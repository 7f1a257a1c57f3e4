/** What in DATA belongs to this run of the server, or is kept in another way: not part of a backup. */
const passing: readonly string[] = [
  'server.json',
  'client-files',
  'local-worker',
  'local-worker.json',
  'local-worker.log',
  'local-worker.log.1',
  'last-backup.json',
];
const prefixes: readonly string[] = ['switchyard.db', 'before-restore-', 'restoring-'];

/** `path` is below DATA, with `/`. Everything that is not known to be passing is kept: a later version's folders too. */
export function isPassing(path: string): boolean {
  if (path === 'blobs/incoming') return true;
  if (path.includes('/')) return false;
  return passing.includes(path) || prefixes.some((prefix) => path.startsWith(prefix)) || path.endsWith('.tmp');
}

/** The database's path in a backup. */
export const databasePath = 'switchyard.db';

/** The name of a blob, from its path below DATA; null: something else. */
export function blobNameOf(path: string): string | null {
  return /^blobs\/[0-9a-f]{2}\/[0-9a-f]{2}\/([0-9a-f]{64})$/.exec(path)?.[1] ?? null;
}

export const blobPathOf = (blob: string): string => `blobs/${blob.slice(0, 2)}/${blob.slice(2, 4)}/${blob}`;

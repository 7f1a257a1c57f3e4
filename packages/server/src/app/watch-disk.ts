import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Look } from '../observe/health.ts';
import type { DiskFigures } from '../observe/metrics.ts';
import type { Clock } from '../ports/clock.ts';
import type { Blobs } from '../ports/files.ts';
import type { Records } from '../ports/records.ts';
import type { DataPaths } from './data-dir.ts';

/** Below this the database may fail at any moment: no more work is invited. */
const leastBytes = 64 * 1_048_576;

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** What `/readyz` looks at: can the store write, is there room. */
export function readinessLooks(paths: DataPaths, records: Records, clock: Clock): readonly Look[] {
  return [
    async () => {
      const free = await freeBytes(paths.root);
      return free >= leastBytes ? null : `The disk of DATA is full (${Math.floor(free / 1_048_576)} MiB left): free some space`;
    },
    () => writes(records, clock),
  ];
}

/** A write of its own, through the same thread and with the same flush as any other. */
async function writes(records: Records, clock: Clock): Promise<string | null> {
  try {
    const last = await records.get('server', 'probe');
    await records.put('server', 'probe', { at: clock.now() }, last?.revision ?? null);
    return null;
  } catch (error) {
    return `The store takes no writes: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** What the metrics tell of DATA. */
export async function diskFigures(paths: DataPaths, blobs: Blobs): Promise<DiskFigures> {
  const [free, database, wal, usage, backup] = await Promise.all([
    freeBytes(paths.root),
    sizeOf(paths.database),
    sizeOf(`${paths.database}-wal`),
    blobs.usage(),
    readFile(join(paths.root, 'last-backup.json'), 'utf8').catch(() => '{}'),
  ]);
  const lastBackup = backupAt(backup);
  return { freeBytes: free, databaseBytes: database, walBytes: wal, blobs: usage.blobs, blobBytes: usage.bytes, lastBackup };
}

function backupAt(text: string): number {
  try {
    const at = Date.parse(String((JSON.parse(text) as { made?: unknown }).made));
    return Number.isNaN(at) ? 0 : at / 1_000;
  } catch {
    return 0;
  }
}

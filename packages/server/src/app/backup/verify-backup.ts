import { type Archive, openArchive } from '../../files/archive/archive.ts';
import { ArchiveError } from '../../files/archive/archive-error.ts';
import type { Manifest } from '../../files/archive/manifest.ts';
import { sideBySide } from '../../files/archive/side-by-side.ts';
import { inspectDatabase } from '../../store/sqlite/snapshot.ts';
import { databasePath } from './data-files.ts';

export interface Verified {
  readonly name: string;
  readonly made: string;
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
  /** Each a sentence that names the file; empty: it can be restored. */
  readonly faults: readonly string[];
}

const width = 4;

/** The named backup, else the newest. Throws `ArchiveError` where there is none. */
export async function findBackup(from: string, name: string | null): Promise<{ archive: Archive; name: string }> {
  const archive = await openArchive(from, false);
  const names = await archive.names();
  const found = name === null ? names.at(-1) : names.find((one) => one === name || `${one}.backup` === name);
  if (found !== undefined) return { archive, name: found };
  const have = names.length === 0 ? 'it has none' : `it has ${names.slice(-5).join(', ')}`;
  throw new ArchiveError(name === null ? `${from} holds no backup` : `${from} has no backup ${name}; ${have}`);
}

/** Reads every byte of a backup. Throws `ArchiveError` when not even its list can be read. */
export async function verifyBackup(from: string, name: string | null): Promise<Verified> {
  const found = await findBackup(from, name);
  const manifest = await found.archive.read(found.name);
  return { ...summary(found.name, manifest), faults: await faultsOf(found.archive, manifest) };
}

export async function faultsOf(archive: Archive, { files }: Manifest): Promise<string[]> {
  const faults: string[] = [];
  await sideBySide(files, width, async (file) => {
    const fault = await archive.fault(file);
    if (fault !== null) faults.push(fault);
  });
  const database = files.find(({ path }) => path === databasePath);
  if (database === undefined) faults.push(`${databasePath}: it is not part of the backup`);
  else if (faults.length === 0) {
    faults.push(...inspectDatabase(archive.objectPath(database.sha256)).faults.map((text) => `${databasePath}: ${text}`));
  }
  return faults.sort();
}

export function summary(name: string, { head, files }: Manifest): Omit<Verified, 'faults'> {
  const { made, version } = head;
  return { name, made, version, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArchiveError } from '../../files/archive/archive-error.ts';
import { sideBySide } from '../../files/archive/side-by-side.ts';
import { syncDirectories } from '../../files/disk.ts';
import { lockFile } from '../../store/sqlite/lock.ts';
import { schemaVersion } from '../../store/sqlite/migrate.ts';
import { dataPaths, unfinishedRestore } from '../data-dir.ts';
import { removeFile, replaceFile } from '../write-file.ts';
import { checkOwner } from './check-owner.ts';
import { databasePath } from './data-files.ts';
import { faultsOf, findBackup, summary } from './verify-backup.ts';

export interface RestoreAsked {
  readonly from: string;
  /** Null: the newest. */
  readonly name: string | null;
  readonly data: string;
  /** What stands in DATA is put aside; without it DATA must be empty. */
  readonly force: boolean;
  now(): number;
  say(text: string): void;
}

export interface Restored {
  readonly name: string;
  readonly made: string;
  readonly data: string;
  readonly files: number;
  readonly bytes: number;
  /** Where the former content of DATA is now; null: there was none. */
  readonly aside: string | null;
}

const width = 8;
/** Left by a look at an empty folder, and by this command itself. */
const harmless = new Set(['switchyard.db.lock', 'switchyard.db.lock-journal', 'lost+found']);

/**
 * Puts a backup into DATA. Everything is looked at before anything is changed; then all files are written beside what is there
 * and moved to their places at the end, the database last. Throws `ArchiveError` with a text for people.
 */
export async function restoreBackup(asked: RestoreAsked): Promise<Restored> {
  const data = resolve(asked.data);
  const { archive, name } = await findBackup(asked.from, asked.name);
  asked.say(`looking at every byte of ${name}`);
  const manifest = await archive.read(name);
  if (manifest.head.schema > schemaVersion) {
    throw new ArchiveError(
      `${name} was made by a newer Switchyard (${manifest.head.version}, schema ${manifest.head.schema}; this one knows ${schemaVersion}): restore it with that version`,
    );
  }
  const faults = await faultsOf(archive, manifest);
  if (faults.length > 0) throw new ArchiveError(damagedText(name, faults));

  await mkdir(data, { recursive: true, mode: 0o700 });
  await checkOwner(data);
  await chmod(data, 0o700);
  const lock = lockData(data);
  try {
    const present = (await readdir(data)).filter((entry) => !harmless.has(entry));
    const unfinished = present.includes(unfinishedRestore);
    if (present.length > 0 && !asked.force && !unfinished) {
      throw new ArchiveError(
        `${data} is not empty (${present.slice(0, 3).join(', ')}${present.length > 3 ? ', …' : ''}): name another folder, or add --force to put aside what is there`,
      );
    }
    const stamp = new Date(asked.now()).toISOString().replaceAll(':', '-');
    const staging = join(data, `restoring-${stamp}`);
    asked.say(`writing ${manifest.files.length} files`);
    try {
      await sideBySide(manifest.files, width, (file) => archive.putBack(file, join(staging, file.path)));
      await syncDirectories(...new Set(manifest.files.map(({ path }) => dirname(join(staging, path)))));
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw new ArchiveError(`${data} cannot be written (${(error as Error).message}); what was there is untouched`, error);
    }
    const aside = await exchange({ data, staging, stamp, present });
    return { ...summary(name, manifest), data, aside };
  } finally {
    lock.release();
  }
}

function lockData(data: string): { release(): void } {
  try {
    return lockFile(dataPaths(data).database);
  } catch (error) {
    throw new ArchiveError(`A server uses ${data}: stop it first, or restore into another folder`, error);
  }
}

function damagedText(name: string, faults: readonly string[]): string {
  const more = faults.length > 5 ? `\n  … and ${faults.length - 5} more` : '';
  return `The backup ${name} is damaged; nothing was changed.\n  ${faults.slice(0, 5).join('\n  ')}${more}\nRestore an older one: "switchyard backup --list DIR" shows them.`;
}

interface Exchange {
  readonly data: string;
  readonly staging: string;
  readonly stamp: string;
  readonly present: readonly string[];
}

/** From here to the end a crash leaves a mark, with which no server starts. Renames only: milliseconds. */
async function exchange({ data, staging, stamp, present }: Exchange): Promise<string | null> {
  await replaceFile(join(data, unfinishedRestore), 'A restore into this folder was begun and not finished: run it again.\n');
  const old = present.filter((entry) => entry !== unfinishedRestore && !entry.startsWith('before-restore-'));
  const aside = old.length === 0 ? null : join(data, `before-restore-${stamp}`);
  if (aside !== null) {
    await mkdir(aside, { mode: 0o700 });
    for (const entry of old) {
      // Remains of a restore that was broken off are of no use to anybody.
      if (entry.startsWith('restoring-')) await rm(join(data, entry), { recursive: true, force: true });
      else await rename(join(data, entry), join(aside, entry));
    }
  }
  const fresh = (await readdir(staging)).sort((a, b) => Number(a === databasePath) - Number(b === databasePath));
  for (const entry of fresh) await rename(join(staging, entry), join(data, entry));
  await rm(staging, { recursive: true, force: true });
  await syncDirectories(data);
  await removeFile(join(data, unfinishedRestore));
  return aside;
}

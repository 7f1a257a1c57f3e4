import { lstat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { type Archive, type Kept, openArchive } from '../../files/archive/archive.ts';
import { ArchiveError } from '../../files/archive/archive-error.ts';
import type { ArchivedFile } from '../../files/archive/manifest.ts';
import { sideBySide } from '../../files/archive/side-by-side.ts';
import { filesBelow } from '../../files/archive/tree.ts';
import { headerBytes } from '../../files/log-layout.ts';
import { logPathOf } from '../../files/log-paths.ts';
import { lockFile } from '../../store/sqlite/lock.ts';
import { filesNamedIn, inspectDatabase, removeDatabase, snapshotDatabase } from '../../store/sqlite/snapshot.ts';
import { isStorageError } from '../../store/sqlite/sqlite-errors.ts';
import { dataPaths } from '../data-dir.ts';
import { version } from '../version.ts';
import { replaceFile } from '../write-file.ts';
import { checkOwner } from './check-owner.ts';
import { blobNameOf, blobPathOf, databasePath, isPassing } from './data-files.ts';

export interface BackupAsked {
  readonly data: string;
  /** Folder of all backups; made if absent. */
  readonly to: string;
  /** How many of the newest are kept; null: all. */
  readonly keep: number | null;
  now(): number;
  /** What is being done, for people. */
  say(text: string): void;
}

export interface BackupMade {
  readonly name: string;
  readonly made: string;
  readonly files: number;
  readonly bytes: number;
  /** What was not in the folder yet. */
  readonly newFiles: number;
  readonly newBytes: number;
  readonly schema: number;
  readonly newestChange: number;
  /** Files that the database refers to and that are not in DATA either; blobs whose bytes are not those of their name. */
  readonly warnings: readonly string[];
  /** Older backups that were removed. */
  readonly removed: readonly string[];
}

/** Files handled at once: their flushes share the disk's. */
const width = 8;
/** Deleting may overtake copying; each time the database is copied anew. */
const rounds = 4;
/** A file changed so shortly before it was looked at may change again without its time showing it. */
const settledNs = 2_000_000_000n;

/**
 * A backup of DATA while a server writes to it, or not. Files first, then the database at one moment, then the files that came or
 * changed meanwhile: so everything that the database refers to is there. What was made and deleted in between is the exception;
 * then the database is copied once more. Throws `ArchiveError` with a text for people.
 */
export async function takeBackup(asked: BackupAsked): Promise<BackupMade> {
  const data = resolve(asked.data);
  const to = resolve(asked.to);
  await checkPlaces(data, to);
  const archive = await openArchive(to, true);
  const lock = lockArchive(to);
  try {
    return await new Taking(asked, data, archive).run();
  } catch (error) {
    throw asArchiveError(error, data);
  } finally {
    lock.release();
  }
}

async function checkPlaces(data: string, to: string): Promise<void> {
  const database = await lstat(dataPaths(data).database).catch(() => null);
  if (database === null) throw new ArchiveError(`${data} holds no database of Switchyard: name its data folder with --data`);
  await checkOwner(data);
  const inside = relative(data, to);
  if (inside === '' || !(inside.startsWith('..') || inside.startsWith(sep) || resolve(inside) === inside)) {
    throw new ArchiveError(`${to} lies within the data folder: a backup belongs elsewhere, best on another disk`);
  }
}

function lockArchive(to: string): { release(): void } {
  try {
    return lockFile(join(to, 'archive'));
  } catch (error) {
    throw new ArchiveError(`Another backup into ${to} is being made: wait for it, or name another folder`, error);
  }
}

function asArchiveError(error: unknown, data: string): unknown {
  if (isStorageError(error)) {
    const text = error instanceof Error ? error.message : String(error);
    return new ArchiveError(
      `The database in ${data} cannot be copied (${text}): keep the older backups, and look at it with "switchyard doctor"`,
      error,
    );
  }
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ENOSPC') {
    return new ArchiveError('There is no room left for the backup; what was there before is untouched', error);
  }
  return error;
}

class Taking {
  readonly #asked: BackupAsked;
  readonly #data: string;
  readonly #archive: Archive;
  readonly #files = new Map<string, Kept>();
  readonly #warnings = new Set<string>();
  readonly #began: number;
  #newFiles = 0;
  #newBytes = 0;

  constructor(asked: BackupAsked, data: string, archive: Archive) {
    this.#asked = asked;
    this.#began = asked.now();
    this.#data = data;
    this.#archive = archive;
  }

  async run(): Promise<BackupMade> {
    const { now, say, keep } = this.#asked;
    await this.#remember();
    say('copying files');
    await this.#takeFiles();
    const { database, made, facts } = await this.#takeDatabase();
    const all: ArchivedFile[] = [{ path: databasePath, ...database }];
    for (const [path, kept] of this.#files) all.push({ path, ...kept });
    all.sort((a, b) => (a.path < b.path ? -1 : 1));
    const name = made.replaceAll(':', '-');
    await this.#archive.publish(name, { format: 1, made, version, ...facts }, all);
    const removed = keep === null ? [] : await this.#removeOlder(keep);
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    const note = { made, to: this.#archive.dir, took: now() - Date.parse(made) };
    await replaceFile(join(this.#data, 'last-backup.json'), `${JSON.stringify(note)}\n`);
    return {
      ...{ name, made, files: all.length, bytes, newFiles: this.#newFiles, newBytes: this.#newBytes, ...facts },
      warnings: [...this.#warnings],
      removed,
    };
  }

  /** What the newest backup has of files that have not changed since need not be read again. */
  async #remember(): Promise<void> {
    const newest = (await this.#archive.names()).at(-1);
    if (newest === undefined) return;
    const last = await this.#archive.read(newest).catch(() => null);
    const before = BigInt(Date.parse(last?.head.made ?? '') || 0) * 1_000_000n;
    for (const { path, ...kept } of last?.files ?? []) {
      if (path !== databasePath && BigInt(kept.mtime) + settledNs < before) this.#known.set(path, kept);
    }
  }
  readonly #known = new Map<string, Kept>();

  async #takeFiles(): Promise<void> {
    await sideBySide(filesBelow(this.#data, isPassing), width, (path) => this.#takeFile(path));
  }

  async #takeFile(path: string): Promise<void> {
    const source = join(this.#data, path);
    const facts = await lstat(source, { bigint: true }).catch(() => null);
    if (facts === null || !facts.isFile()) return;
    const mtime = String(facts.mtimeNs);
    const size = Number(facts.size);
    const known = this.#files.get(path) ?? this.#known.get(path);
    if (known !== undefined && known.mtime === mtime && known.size === size && (await this.#archive.has(known.sha256, size))) {
      this.#files.set(path, known);
      return;
    }
    const blob = blobNameOf(path);
    if (blob !== null && (await this.#archive.has(blob, size))) {
      this.#files.set(path, { sha256: blob, size, mode: Number(facts.mode) & 0o777, mtime });
      return;
    }
    const kept = await this.#keep(source, path.startsWith('logs/') ? headerBytes : 0);
    if (kept === null) return;
    this.#files.set(path, kept);
    if (blob !== null && kept.sha256 !== blob)
      this.#warnings.add(`${path} is damaged in the data folder: its bytes are not those of its name`);
  }

  async #keep(source: string, again: number): Promise<Kept | null> {
    const kept = await this.#archive.keep(source, again);
    return kept === null ? null : this.#counted(kept);
  }

  #counted({ fresh, ...kept }: Kept & { fresh: boolean }): Kept {
    if (fresh) {
      this.#newFiles += 1;
      this.#newBytes += kept.size;
    }
    return kept;
  }

  async #takeDatabase(): Promise<{ database: Kept; made: string; facts: { schema: number; newestChange: number } }> {
    const copy = this.#archive.draft();
    for (let round = 1; ; round++) {
      this.#asked.say('copying the database');
      // As of now: who restores it has everything that was answered before this moment.
      const made = new Date(this.#asked.now()).toISOString();
      await removeDatabase(copy);
      await snapshotDatabase(dataPaths(this.#data).database, copy);
      await this.#takeFiles();
      const missing = await this.#missing(copy);
      if (missing.length > 0 && round < rounds) continue;
      for (const path of missing.slice(0, 20))
        this.#warnings.add(`${path} is missing in the data folder, although the database refers to it`);
      if (missing.length > 20) this.#warnings.add(`… and ${missing.length - 20} more files`);
      const { schema, newestChange, faults } = inspectDatabase(copy);
      if (faults.length > 0) {
        throw new ArchiveError(
          `The database in ${this.#data} is damaged (${faults[0]}): keep the older backups, and restore one of them`,
        );
      }
      const database = this.#counted(await this.#archive.adopt(copy));
      await removeDatabase(copy);
      return { database, made, facts: { schema, newestChange } };
    }
  }

  /** Files that the copied database refers to and that were not copied. */
  async #missing(copy: string): Promise<string[]> {
    return filesNamedIn(copy, ({ blobs, logs }) => {
      const missing: string[] = [];
      for (const blob of blobs) if (!this.#files.has(blobPathOf(blob))) missing.push(blobPathOf(blob));
      for (const at of logs) {
        // Output of older attempts that is not there was removed by its retention.
        if (at.since < this.#began) continue;
        const path = logPathOf('logs', at).replaceAll('\\', '/');
        if (!this.#files.has(path)) missing.push(path);
      }
      return missing;
    });
  }

  async #removeOlder(keep: number): Promise<string[]> {
    const names = await this.#archive.names();
    const gone = names.slice(0, Math.max(0, names.length - keep));
    if (gone.length > 0) await this.#archive.remove(gone);
    return gone;
  }
}

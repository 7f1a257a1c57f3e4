import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, lstat, mkdir, open, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dirMode, fileMode, isCode, orMissing, readUpTo, syncDirectories, writeAll } from '../disk.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchivedFile, type BackupHead, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { filesBelow } from './tree.ts';

const suffix = '.backup';
const chunkBytes = 1_048_576;

/** Bytes in an archive. */
export type Kept = Pick<ArchivedFile, 'sha256' | 'size' | 'mode' | 'mtime'>;

/**
 * A folder with any number of backups: `objects/ab/cd/<sha256>` holds each content once, `<moment>.backup` is the list of one
 * backup. What two backups have in common is stored once; a backup is whole as soon as its list is there.
 */
export interface Archive {
  readonly dir: string;
  /** Names of the backups, oldest first. */
  names(): Promise<string[]>;
  read(name: string): Promise<Manifest>;
  /** Is this content here, in this size? Its bytes are not looked at. */
  has(sha256: string, size: number): Promise<boolean>;
  /**
   * Keeps a file's content. Null: there is no such file. A file may grow meanwhile: with `again` its first bytes are read once
   * more after the rest, so that a header is never older than what it describes. `fresh`: it was not here before.
   */
  keep(source: string, again?: number): Promise<(Kept & { readonly fresh: boolean }) | null>;
  /** The same for a file that was made under a `draft` path, whole and flushed: it is moved, not copied. */
  adopt(draft: string): Promise<Kept & { readonly fresh: boolean }>;
  /** A path for something that is being made; emptied at open. */
  draft(): string;
  /** The last step: from now on this is a backup. */
  publish(name: string, head: BackupHead, files: readonly ArchivedFile[]): Promise<void>;
  /** Null: as it should be. Else one sentence. */
  fault(file: ArchivedFile): Promise<string | null>;
  /** Puts a file's content to a path that does not exist yet, flushed, with its mode and age. */
  putBack(file: ArchivedFile, to: string): Promise<void>;
  objectPath(sha256: string): string;
  /** Removes backups, then what no backup refers to any more. */
  remove(names: readonly string[]): Promise<{ objects: number; bytes: number }>;
}

/** `make`: a new one where there is none; else it must be one. One process at a time may change it. */
export async function openArchive(dir: string, make: boolean): Promise<Archive> {
  const found = await orMissing(readdir(dir));
  if (found === null && !make) throw new ArchiveError(`There is no folder ${dir}`);
  const strange = (found ?? []).length > 0 && !(found ?? []).includes('objects');
  if (strange && make) throw new ArchiveError(`${dir} holds other things: name a folder of its own for backups`);
  if (!make && !(found ?? []).includes('objects')) {
    throw new ArchiveError(`${dir} holds no backups: name the folder that "switchyard backup" was given`);
  }
  const incoming = join(dir, 'incoming');
  if (make) {
    await mkdir(dir, { recursive: true, mode: dirMode });
    await rm(incoming, { recursive: true, force: true });
    for (const folder of ['objects', 'incoming']) await mkdir(join(dir, folder), { recursive: true, mode: dirMode });
  }
  return archiveIn(dir, incoming);
}

function archiveIn(dir: string, incoming: string): Archive {
  let drafts = 0;
  const draft = (): string => join(incoming, `${process.pid}-${drafts++}`);
  const objectPath = (sha256: string): string => join(dir, 'objects', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  const listPath = (name: string): string => join(dir, name + suffix);

  async function has(sha256: string, size: number): Promise<boolean> {
    const facts = await orMissing(lstat(objectPath(sha256)));
    return facts?.isFile() === true && facts.size === size;
  }

  /** False: it was here. */
  async function settle(from: string, kept: Kept): Promise<boolean> {
    if (await has(kept.sha256, kept.size)) {
      await unlink(from);
      return false;
    }
    const to = objectPath(kept.sha256);
    const fan = dirname(to);
    await mkdir(fan, { recursive: true, mode: dirMode });
    await rename(from, to);
    await syncDirectories(fan, dirname(fan), dirname(dirname(fan)));
    return true;
  }

  async function keep(source: string, again = 0): Promise<(Kept & { fresh: boolean }) | null> {
    const from = await orMissing(open(source, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (from === null) return null;
    const path = draft();
    try {
      const kept = await copied(from, path, again);
      return { ...kept, fresh: await settle(path, kept) };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await from.close();
    }
  }

  async function names(): Promise<string[]> {
    const all = (await orMissing(readdir(dir))) ?? [];
    return all
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .sort();
  }

  async function sweep(): Promise<{ objects: number; bytes: number }> {
    const needed = new Set<string>();
    for (const name of await names()) for (const { sha256 } of (await readManifest(listPath(name))).files) needed.add(sha256);
    const swept = { objects: 0, bytes: 0 };
    const objects = join(dir, 'objects');
    for await (const path of filesBelow(objects, () => false)) {
      if (needed.has(path.slice(-64))) continue;
      swept.bytes += (await orMissing(lstat(join(objects, path))))?.size ?? 0;
      await unlink(join(objects, path));
      swept.objects += 1;
    }
    return swept;
  }

  return {
    dir,
    names,
    read: (name) => readManifest(listPath(name)),
    has,
    keep,
    draft,
    async adopt(path) {
      const handle = await open(path, 'r');
      try {
        const { size, mtimeNs } = await handle.stat({ bigint: true });
        const kept = { sha256: await digestOf(handle), size: Number(size), mode: fileMode, mtime: String(mtimeNs) };
        return { ...kept, fresh: await settle(path, kept) };
      } finally {
        await handle.close();
      }
    },
    objectPath,
    async publish(name, head, files) {
      const path = draft();
      await writeManifest(path, head, files);
      await rename(path, listPath(name));
      await syncDirectories(dir);
    },
    async fault({ path, sha256, size }) {
      const handle = await orMissing(open(objectPath(sha256), 'r'));
      if (handle === null) return `${path}: its content is missing`;
      try {
        const { size: found } = await handle.stat();
        if (found !== size) return `${path}: it has ${found} bytes instead of ${size}`;
        return (await digestOf(handle)) === sha256 ? null : `${path}: its content has changed`;
      } catch (error) {
        return `${path}: it cannot be read (${isCode(error, 'EIO') ? 'the disk fails' : String(error)})`;
      } finally {
        await handle.close();
      }
    },
    async putBack({ sha256, mode, mtime }, to) {
      await mkdir(dirname(to), { recursive: true, mode: dirMode });
      await copyFile(objectPath(sha256), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      // Whatever an archive says, nobody else may read or run it.
      await chmod(to, mode & 0o700);
      const when = Number(BigInt(mtime) / 1_000_000n) / 1_000;
      await utimes(to, when, when);
      const handle = await open(to, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async remove(gone) {
      for (const name of gone) await unlink(listPath(name));
      await syncDirectories(dir);
      return sweep();
    },
  };
}

/** Copies what is there now into a new file, flushed. */
async function copied(from: FileHandle, path: string, again: number): Promise<Kept> {
  const to = await open(path, 'wx+', fileMode);
  try {
    const before = await from.stat({ bigint: true });
    const hash = createHash('sha256');
    const size = await pour(from, hash, (bytes) => writeAll(to, bytes, null));
    const after = await from.stat({ bigint: true });
    const changed = before.mtimeNs !== after.mtimeNs || before.size !== after.size;
    if (changed && again > 0) await copyAgain(from, to, Math.min(again, size));
    await to.sync();
    const sha256 = changed && again > 0 ? await digestOf(to) : hash.digest('hex');
    return { sha256, size, mode: Number(before.mode) & 0o777, mtime: String(before.mtimeNs) };
  } finally {
    await to.close();
  }
}

async function copyAgain(from: FileHandle, to: FileHandle, bytes: number): Promise<void> {
  const head = new Uint8Array(bytes);
  const got = await readUpTo(from, head, 0);
  await writeAll(to, head.subarray(0, got), 0);
}

async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  await pour(handle, hash, async () => {});
  return hash.digest('hex');
}

async function pour(from: FileHandle, hash: Hash, take: (bytes: Uint8Array) => Promise<void>): Promise<number> {
  const buffer = new Uint8Array(chunkBytes);
  for (let position = 0; ; ) {
    const got = await readUpTo(from, buffer, position);
    if (got === 0) return position;
    const bytes = buffer.subarray(0, got);
    hash.update(bytes);
    await take(bytes);
    position += got;
  }
}

import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dirMode, orMissing, syncDirectories } from './disk.ts';

const name = /^[0-9a-f]{64}$/;
const fan = /^[0-9a-f]{2}$/;

/** F1: nothing else is a name, so nothing else becomes a path. */
export const isBlobName = (text: string): boolean => name.test(text);

/**
 * Where blobs lie: `ab/cd/abcd…` (two levels of 256, so that no folder grows large), and `incoming/` for what is being written,
 * in the same file system so that a rename suffices.
 */
export interface BlobTree {
  pathOf(blob: string): string;
  /** Makes the folders of a blob. */
  prepare(blob: string): Promise<void>;
  /** After the rename: what leads to the blob is on disk. */
  flush(blob: string): Promise<void>;
  /** A new path for bytes whose name is not known yet. */
  incoming(): string;
  /** Names of the first-level folders. */
  folders(): Promise<string[]>;
  /** Every blob's name under one of them, folder by folder. Strange files are passed over. */
  walk(folder: string): AsyncIterable<readonly string[]>;
  /** Size and age; null: no such blob. `mtimeMs` is set by us, from our clock. */
  stat(blob: string): Promise<{ size: number; mtimeMs: number } | null>;
}

/** Makes the folder and removes what an earlier process left unfinished. One process at a time owns it. */
export async function openBlobTree(dir: string): Promise<BlobTree> {
  const incomingDir = join(dir, 'incoming');
  await rm(incomingDir, { recursive: true, force: true });
  await mkdir(incomingDir, { recursive: true, mode: dirMode });
  let drafts = 0;
  const foldersOf = (blob: string): [string, string] => {
    const first = join(dir, blob.slice(0, 2));
    return [first, join(first, blob.slice(2, 4))];
  };
  const pathOf = (blob: string): string => join(foldersOf(blob)[1], blob);

  async function* walk(first: string): AsyncGenerator<readonly string[]> {
    for (const second of await fanIn(join(dir, first))) {
      const names = (await orMissing(readdir(join(dir, first, second)))) ?? [];
      const blobs = names.filter((blob) => isBlobName(blob) && blob.startsWith(first + second));
      if (blobs.length > 0) yield blobs;
    }
  }

  return {
    pathOf,
    walk,
    folders: () => fanIn(dir),
    incoming: () => join(incomingDir, String(drafts++)),
    async prepare(blob) {
      await mkdir(foldersOf(blob)[1], { recursive: true, mode: dirMode });
    },
    async flush(blob) {
      const [first, second] = foldersOf(blob);
      await syncDirectories(second, first, dir);
    },
    async stat(blob) {
      const found = await orMissing(lstat(pathOf(blob)));
      return found?.isFile() ? { size: found.size, mtimeMs: found.mtimeMs } : null;
    },
  };
}

async function fanIn(path: string): Promise<string[]> {
  return ((await orMissing(readdir(path))) ?? []).filter((entry) => fan.test(entry));
}

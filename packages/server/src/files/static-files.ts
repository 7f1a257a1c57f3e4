import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { StaticFile, StaticFiles } from '../ports/static-files.ts';
import { isCode } from './disk.ts';

/** Throws if there is no such folder. */
export async function openStaticFiles(dir: string): Promise<StaticFiles> {
  const root = await realpath(dir);
  if (!(await stat(root)).isDirectory()) throw new Error(`${dir} is no folder`);
  return { find: (names) => orNothing(find(root, names)) };
}

async function find(root: string, names: readonly string[]): Promise<StaticFile | 'folder' | null> {
  if (names.some((name) => !isName(name))) return null;
  const file = await realpath(join(root, ...names));
  if (!isBelow(root, file)) return null;
  const about = await stat(file, { bigint: true });
  if (about.isDirectory()) return 'folder';
  if (!about.isFile()) return null;
  const version = versionOf(about);
  return {
    size: Number(about.size),
    modifiedAt: Number(about.mtimeMs),
    version,
    read: (range) => orNothing(read(file, version, range)),
  };
}

const isName = (name: string): boolean => name !== '' && !name.startsWith('.') && !/[/\\\0]/.test(name);

/** Both are real paths, so that no link is left in them. */
function isBelow(root: string, file: string): boolean {
  const way = relative(root, file);
  return !isAbsolute(way) && !way.split(sep).some((name) => name.startsWith('.'));
}

const versionOf = ({ size, mtimeNs, ino }: BigIntStats): string =>
  [size, mtimeNs, ino].map((part) => part.toString(36)).join('-');

/** Not through a link that came since, and without waiting for the writer of a pipe. Windows knows neither flag. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function read(file: string, version: string, range: { start: number; end: number }): Promise<Readable | null> {
  const handle = await open(file, flags);
  try {
    if (versionOf(await handle.stat({ bigint: true })) === version) return whole(handle, range);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/** A file that became shorter while it was read is an error: its length has been announced. */
function whole(handle: FileHandle, range: { start: number; end: number }): Readable {
  let left = range.end - range.start + 1;
  const counted = new Transform({
    transform: (part: Buffer, _encoding, done) => {
      left -= part.length;
      done(null, part);
    },
    flush: (done) => done(left === 0 ? null : new Error('the file became shorter while it was read')),
  });
  // Whoever reads `counted` hears of failures there.
  return pipeline(handle.createReadStream(range), counted, () => undefined);
}

/** What may not be read, or is under a file's name, is as good as not there. */
async function orNothing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES', 'EPERM', 'ENXIO')) return null;
    throw error;
  }
}

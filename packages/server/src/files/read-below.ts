import { constants, open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { isCode } from './disk.ts';

type Read = { readonly bytes: Uint8Array } | { readonly refused: 'outside' | 'unreadable'; readonly detail: string };

/** Not through a link that came since, and without waiting for the writer of a pipe. Windows knows neither flag. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** All of a regular file, if it is below one of the folders when every link is resolved. What is outside is never opened. */
export async function readBelow(roots: readonly string[], path: string, mostBytes: number): Promise<Read | 'too_large'> {
  if (path.includes('\0') || !isAbsolute(path)) return outside(path);
  const real = await orNull(realpath(path));
  // Whether there is something outside of the folders is nobody's business.
  if (real === null) return (await below(roots, path)) ? unreadable(path) : outside(path);
  if (!(await below(roots, real))) return outside(path);
  const handle = await orNull(open(real, flags));
  if (handle === null) return unreadable(path);
  try {
    const about = await handle.stat();
    if (!about.isFile()) return unreadable(path);
    return about.size > mostBytes ? 'too_large' : { bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

async function below(roots: readonly string[], path: string): Promise<boolean> {
  for (const root of roots) {
    const real = await orNull(realpath(root));
    if (real !== null && isBelow(real, path)) return true;
  }
  return false;
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const outside = (path: string): Read => ({
  refused: 'outside',
  detail: `${path} is not below a folder from which pictures may be read (option images.roots)`,
});
const unreadable = (path: string): Read => ({ refused: 'unreadable', detail: `${path} cannot be read by the server` });

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES', 'EPERM', 'ENXIO', 'EINVAL')) return null;
    throw error;
  }
}

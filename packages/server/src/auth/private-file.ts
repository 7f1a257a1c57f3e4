import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Result, refuse } from '../domain/errors.ts';

const others = 0o077;
const longest = 65_536;

/**
 * The text of a file that only the server's user may read. Null: there is no such file. Refused, with what to do, where other
 * users may read it, or it is no plain file. Windows has no such modes: there the folder's own rights count.
 */
export async function readPrivateFile(path: string): Promise<Result<string | null>> {
  const handle = await openIfThere(path);
  if (handle === null) return { value: null };
  try {
    const info = await handle.stat();
    if (!info.isFile() || info.size > longest) return refuse('invalid', `${path} is not what the server wrote: move it away`);
    if (process.platform !== 'win32' && (info.mode & others) !== 0) return refuse('invalid', tooOpen(path, info.mode));
    return { value: await handle.readFile('utf8') };
  } finally {
    await handle.close();
  }
}

/** Whole or not at all, 0600 from its first moment, flushed. Replaces what was there. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.tmp`;
  // A draft that a killed process left would keep its mode, and its readers.
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  await flushFolder(dirname(path));
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function tooOpen(path: string, mode: number): string {
  const octal = (mode & 0o777).toString(8).padStart(3, '0');
  return (
    `${path} holds a secret, and other users of this machine may read it (mode ${octal}). ` +
    `Run: chmod 600 '${path}' and start again. If somebody may have read it, replace the secret.`
  );
}

async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

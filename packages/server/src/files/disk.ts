import { type FileHandle, open } from 'node:fs/promises';

/** Nobody but the server's user reads what others have stored. */
export const dirMode = 0o700;
export const fileMode = 0o600;

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Awaits, and turns "there is no such file" into null. */
export async function orMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** A single `write` may be short when the disk fills up; the next one then says why. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const at = position === null ? null : position + done;
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, at);
    done += bytesWritten;
  }
}

/** Bytes from `position` on, fewer where the file ends. */
export async function readUpTo(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.byteLength) {
    const { bytesRead } = await handle.read(into, done, into.byteLength - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Flushes directory entries, so that a new or renamed file is found after a power cut. Flushing a directory in which nothing
 * changed costs next to nothing. Windows cannot open directories and needs none of it.
 */
export async function syncDirectories(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const handle = await open(path, 'r').catch((error: unknown) => {
      if (isCode(error, 'EISDIR', 'EPERM')) return null;
      throw error;
    });
    try {
      await handle?.sync();
    } finally {
      await handle?.close();
    }
  }
}

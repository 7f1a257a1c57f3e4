import { copyFile, open, stat, truncate } from 'node:fs/promises';

export const logBytes = 4 * 1024 * 1024;

/** A file descriptor to append to, for a process that writes by itself. The caller closes its own copy. */
export async function openLog(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  await boundLog(path);
  return open(path, 'a', 0o600);
}

/** Keeps a log that somebody appends to below its bound: what it holds moves to `PATH.1`, and it begins anew. */
export async function boundLog(path: string, most: number = logBytes): Promise<boolean> {
  const size = await stat(path).then(
    (facts) => facts.size,
    () => 0,
  );
  if (size <= most) return false;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
  return true;
}

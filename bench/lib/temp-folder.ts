import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  close(): Promise<void>;
}

/** A fresh folder on the disk that is measured (`TMPDIR` chooses it); `uid` becomes its owner. */
export async function tempFolder(name: string, uid?: number): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `switchyard-bench-${name}-`));
  await chmod(path, 0o700);
  if (uid !== undefined) await chown(path, uid, -1);
  return { path, close: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

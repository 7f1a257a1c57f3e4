import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartRefused } from './start-refused.ts';

/** Where everything below DATA is. */
export interface DataPaths {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly logs: string;
  /** The newest picture of each job. */
  readonly images: string;
  readonly secretKey: string;
  readonly adminToken: string;
  readonly server: string;
  /** What Kueue's clients need, where the server made their secret. */
  readonly kueueClient: string;
  /** What live Concierge clients left; emptied at every start. */
  readonly clientFiles: string;
  readonly localWorker: {
    readonly token: string;
    readonly work: string;
    readonly log: string;
    readonly record: string;
  };
}

export function dataPaths(root: string): DataPaths {
  return {
    root,
    database: join(root, 'switchyard.db'),
    blobs: join(root, 'blobs'),
    logs: join(root, 'logs'),
    images: join(root, 'images'),
    secretKey: join(root, 'secret.key'),
    adminToken: join(root, 'admin.token'),
    server: join(root, 'server.json'),
    kueueClient: join(root, 'kueue.toml'),
    clientFiles: join(root, 'client-files'),
    localWorker: {
      token: join(root, 'local-worker.token'),
      work: join(root, 'local-worker'),
      log: join(root, 'local-worker.log'),
      record: join(root, 'local-worker.json'),
    },
  };
}

const others = 0o077;

/** Stands in DATA while `switchyard restore` moves files to their places: half of a folder must not be served. */
export const unfinishedRestore = 'restore-unfinished';

/**
 * Makes DATA (0700), or looks whether it may be used: other users must not be able to read what stands there. A folder of
 * ours that is too open is closed; somebody else's, or one full of other things, is refused rather than changed.
 */
export async function prepareDataDir(root: string): Promise<DataPaths> {
  const paths = dataPaths(root);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(root);
    const me = process.getuid?.() ?? uid;
    if (uid !== me) throw new StartRefused(`The data folder ${root} belongs to another user; name another with --data`);
    if (process.platform !== 'win32' && (mode & others) !== 0) await closeToOthers(root);
    if ((await readdir(root)).includes(unfinishedRestore)) {
      throw new StartRefused(`A restore into ${root} was not finished: run "switchyard restore" again`);
    }
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(`The data folder ${root} cannot be used: ${(error as Error).message}`, error);
  }
  return paths;
}

async function closeToOthers(root: string): Promise<void> {
  const names = await readdir(root);
  const ours = names.length === 0 || names.some((name) => name === 'switchyard.db' || name === 'switchyard.toml');
  if (!ours) {
    throw new StartRefused(
      `The data folder ${root} is open to other users and full of other things; name a folder of its own with --data`,
    );
  }
  await chmod(root, 0o700);
}

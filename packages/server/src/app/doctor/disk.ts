import { lstat, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPaths } from '../data-dir.ts';
import { type Finding, fine, problem, warning } from './finding.ts';

const MiB = 1_048_576;
const GiB = 1_024 * MiB;

/** Room on the disk of DATA. Below 256 MiB a database may fail at any moment. */
export async function diskSpace(data: string): Promise<Finding> {
  const { bavail, bsize, blocks, files, ffree } = await statfs(data);
  const free = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  const text = `${(free / GiB).toFixed(1)} GiB are free where ${data} is (${Math.round(share * 100)} %)`;
  const todo =
    'Free some space: delete jobs that are not needed ("switchyard delete"), or set retention.jobs, retention.logs and blob-quota.';
  if (files > 0 && ffree < 1_000) return problem('disk space', `only ${ffree} more files can be made where ${data} is`, todo);
  if (free < 256 * MiB) return problem('disk space', text, todo);
  if (free < 2 * GiB || share < 0.05) return warning('disk space', text, todo);
  return fine('disk space', text);
}

const writes = 20;

/** How long the disk takes to keep 4 KiB for good: every answer of a server with durability `full` waits for it. */
export async function flushTime(data: string, monotonic: () => number): Promise<Finding> {
  const path = join(data, `flush-${process.pid}.tmp`);
  const handle = await open(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    const block = new Uint8Array(4_096);
    for (let i = 0; i < writes; i++) {
      const began = monotonic();
      await handle.write(block, 0, block.length, i * block.length);
      await handle.datasync();
      times.push(monotonic() - began);
    }
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
  times.sort((a, b) => a - b);
  const [middle, worst] = [times[writes / 2] ?? 0, times.at(-1) ?? 0];
  const text = `flushing 4 KiB takes ${middle.toFixed(2)} ms (worst of ${writes}: ${worst.toFixed(1)} ms)`;
  const todo = 'Every submission waits that long: put DATA on a local SSD (no network disk), or choose --durability normal.';
  if (middle > 100) return problem('flush time', text, todo);
  return middle > 20 ? warning('flush time', text, todo) : fine('flush time', text);
}

const others = 0o077;

/** DATA and the secrets in it belong to one user alone. */
export async function permissions(data: string): Promise<Finding> {
  if (process.platform === 'win32') return fine('permissions', 'not looked at on Windows');
  const paths = dataPaths(data);
  const open: string[] = [];
  for (const path of [data, paths.secretKey, paths.adminToken, paths.localWorker.token, paths.database]) {
    const facts = await lstat(path).catch(() => null);
    if (facts !== null && (facts.mode & others) !== 0) open.push(path);
  }
  const { uid } = await stat(data);
  const me = process.getuid?.() ?? uid;
  if (uid !== me && me !== 0)
    return problem('permissions', `${data} belongs to another user (${uid})`, 'Run doctor and server as that user.');
  if (open.length === 0) return fine('permissions', 'nobody else can read the data folder');
  return problem('permissions', `others can read ${open.join(', ')}`, `chmod go-rwx ${open.join(' ')}`);
}

/** What earlier changes left behind and nobody needs once all is well. */
export async function leftovers(data: string): Promise<Finding> {
  const names = await readdir(data);
  const old = names.filter((name) => name.startsWith('before-restore-') || name.startsWith('switchyard.db.before-schema-'));
  if (names.includes('restore-unfinished')) {
    return problem('leftovers', 'a restore was begun and not finished; no server starts here', 'Run "switchyard restore" again.');
  }
  if (old.length === 0) return fine('leftovers', 'none');
  return warning(
    'leftovers',
    `copies of earlier states take room: ${old.join(', ')}`,
    'Remove them when all works as it should.',
  );
}

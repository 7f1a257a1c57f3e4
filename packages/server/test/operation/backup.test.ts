import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOwner } from '../../src/app/backup/check-owner.ts';
import { restoreBackup } from '../../src/app/backup/restore-backup.ts';
import { takeBackup } from '../../src/app/backup/take-backup.ts';
import { verifyBackup } from '../../src/app/backup/verify-backup.ts';
import { openArchive } from '../../src/files/archive/archive.ts';
import { readManifest, staysInside } from '../../src/files/archive/manifest.ts';
import { filesBelow } from '../../src/files/archive/tree.ts';
import { openLogFiles } from '../../src/files/log-files.ts';
import { headerBytes } from '../../src/files/log-layout.ts';
import { logPathOf } from '../../src/files/log-paths.ts';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate, schemaVersion } from '../../src/store/sqlite/migrate.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';

let dir: TempDir;
let data: string;
let to: string;
let moment = Date.UTC(2026, 10, 21);

beforeEach(async () => {
  dir = await tempDir();
  data = join(dir.path, 'data');
  to = join(dir.path, 'backups');
  await makeData();
});
afterEach(() => dir.remove());

/** A small data folder as a stopped server leaves it. */
async function makeData(): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  const { db, close } = openWriter(join(data, 'switchyard.db'), 'normal');
  migrate(db, join(data, 'switchyard.db'));
  db.exec(`INSERT INTO change VALUES (7, ${moment}, 'job.created', 1, NULL, NULL, NULL, '{}')`);
  close();
  await writeFile(join(data, 'secret.key'), 'key', { mode: 0o600 });
  await writeFile(join(data, 'server.json'), '{}');
  await putLog(1, 'hello');
}

async function putLog(task: number, text: string): Promise<void> {
  const logs = await openLogFiles({ dir: join(data, 'logs'), capBytes: 4_096, durability: 'normal' });
  await logs.write({ task, attempt: 1, stream: 'out' }, 0, Buffer.from(text));
  await logs.close();
}

const backup = (keep: number | null = null, say: (text: string) => void = () => {}) =>
  takeBackup({ data, to, keep, say, now: () => (moment += 60_000) });

const restore = (into: string, options: { name?: string; force?: boolean } = {}) =>
  restoreBackup({
    from: to,
    name: options.name ?? null,
    data: into,
    force: options.force ?? false,
    now: () => (moment += 60_000),
    say: () => {},
  });

async function listed(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of filesBelow(folder, (one) => one.startsWith('before-restore') || one.endsWith('.lock')))
    paths.push(path);
  return paths.sort();
}

describe('a backup', () => {
  it('gives back every file but those of the present run, with mode and age', async () => {
    await backup();
    const into = join(dir.path, 'restored');
    const done = await restore(into);
    expect(done.aside).toBeNull();
    expect(await listed(into)).toEqual(['logs/0/0/1/1.out', 'secret.key', 'switchyard.db']);
    expect(await readFile(join(into, 'secret.key'), 'utf8')).toBe('key');
    const [was, is] = [await stat(join(data, 'secret.key')), await stat(join(into, 'secret.key'))];
    expect([is.mode, Math.floor(is.mtimeMs)]).toEqual([was.mode, Math.floor(was.mtimeMs)]);
    expect((await stat(into)).mode & 0o777).toBe(0o700);
  });

  it('holds each content once, and removes with --keep what only older ones needed', async () => {
    const first = await backup();
    await putLog(2, 'second');
    const second = await backup();
    // The database has not changed: only the new log is new.
    expect([first.newFiles, second.newFiles]).toEqual([3, 1]);
    await rename(join(data, 'logs/0/0/1'), join(dir.path, 'gone'));
    const third = await backup(1);
    expect(third.removed).toEqual([first.name, second.name]);
    const objects = await listed(join(to, 'objects'));
    const { files } = await readManifest(join(to, `${third.name}.backup`));
    expect(objects.map((path) => path.slice(-64))).toEqual([...new Set(files.map(({ sha256 }) => sha256))].sort());
    expect((await verifyBackup(to, null)).faults).toEqual([]);
  });

  it('is not made inside the data folder, into a folder of other things, or of a folder without database', async () => {
    await expect(takeBackup({ data, to: join(data, 'b'), keep: null, now: () => 0, say: () => {} })).rejects.toThrow(/within/);
    await expect(takeBackup({ data, to: dir.path, keep: null, now: () => 0, say: () => {} })).rejects.toThrow(/other things/);
    await expect(takeBackup({ data: dir.path, to, keep: null, now: () => 0, say: () => {} })).rejects.toThrow(/no database/);
  });

  it('of which two are made at once: the second is refused', async () => {
    const results = await Promise.allSettled([backup(), backup()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((one) => one.status === 'rejected')?.reason).toMatchObject({ name: 'ArchiveError' });
  });

  it('copies the database again until all that it refers to is there, and says what is missing for good', async () => {
    const missing = 'ab'.repeat(32);
    const sql = (text: string): void => {
      const { db, close } = openWriter(join(data, 'switchyard.db'), 'normal');
      db.exec(text);
      close();
    };
    sql(`INSERT INTO body VALUES (1, 1, '{"inputs":[{"path":"in","blob":"${missing}"}]}')`);
    // A log that came while the backup was made, and one that retention has removed long ago.
    const soon = moment + 3_600_000;
    sql(`INSERT INTO log VALUES (9, 1, 'out', 5000, NULL), (8, 1, 'out', 5000, NULL);
      INSERT INTO attempt (task, number, worker, worker_name, session, started_at) VALUES (9, 1, 1, 'w', 1, ${soon}), (8, 1, 1, 'w', 1, 5)`);
    const broken = await backup();
    expect(broken.warnings.map((text) => text.split(' ')[0]).sort()).toEqual([`blobs/ab/ab/${missing}`, 'logs/0/0/9/1.out']);
    // Deleted between the copying of the files and that of the database: the next copy of the database knows nothing of it.
    let copies = 0;
    const healed = await backup(null, (text) => {
      if (text === 'copying the database' && ++copies === 2) sql('DELETE FROM body; DELETE FROM log WHERE task = 9');
    });
    expect([copies, healed.warnings]).toEqual([2, []]);
  });

  it('of a database that is damaged is refused, and the older ones stay', async () => {
    await backup();
    const file = join(data, 'switchyard.db');
    const bytes = await readFile(file);
    bytes.fill(0xff, 4_096 * 2, 4_096 * 6);
    await writeFile(file, bytes);
    await expect(backup()).rejects.toThrow(/damaged|malformed/);
    expect(await (await openArchive(to, false)).names()).toHaveLength(1);
  });
});

it('is a matter of the user who owns the folder', async () => {
  const me = (await stat(data)).uid;
  await checkOwner(data, me);
  await expect(checkOwner(data, me + 1)).rejects.toThrow(/another user: run this as that one/);
});

describe('a damaged backup', () => {
  it('is told from a sound one whichever file has one bit changed, and nothing is restored from it', async () => {
    await backup();
    const into = join(dir.path, 'restored');
    const files = (await listed(to)).filter((path) => !path.startsWith('incoming'));
    expect(files.length).toBe(4);
    for (const path of files) {
      const whole = await readFile(join(to, path));
      for (const at of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        const bytes = Buffer.from(whole);
        bytes[at] = bytes[at]! ^ 0x04;
        await writeFile(join(to, path), bytes);
        const faults = await verifyBackup(to, null).then(
          (found) => found.faults,
          (error: Error) => [error.message],
        );
        expect(faults, `${path} at ${at}`).toHaveLength(1);
        await expect(restore(into), `${path} at ${at}`).rejects.toThrow(/damaged/);
      }
      await writeFile(join(to, path), whole);
    }
    await expect(readdir(into)).rejects.toThrow(/ENOENT/);
    await restore(into);
  });

  it('cut off or with lines left out is told too', async () => {
    const { name } = await backup();
    const path = join(to, `${name}.backup`);
    const whole = await readFile(path, 'utf8');
    const lines = whole.split('\n');
    for (const text of [
      whole.slice(0, -20),
      lines.slice(0, -2).join('\n'),
      lines.toSpliced(1, 1).join('\n'),
      '',
      `${whole}{}\n`,
    ]) {
      await writeFile(path, text);
      await expect(verifyBackup(to, null)).rejects.toThrow(/damaged or cut off/);
    }
  });

  it.each(['../x', '/etc/x', 'a/../../x', 'a//b', './a', '', 'C:x', 'a\\b'])('names no path that leads out: %s', (path) => {
    expect(staysInside(path)).toBe(false);
  });
});

describe('restore', () => {
  it('refuses a folder with things in it; with force they are put aside', async () => {
    await backup();
    const into = join(dir.path, 'other');
    await mkdir(into);
    await writeFile(join(into, 'mine'), 'x');
    await expect(restore(into)).rejects.toThrow(/not empty \(mine\).*--force/s);
    expect(await readdir(into)).not.toContain('switchyard.db');
    const { aside } = await restore(into, { force: true });
    expect(await readFile(join(aside!, 'mine'), 'utf8')).toBe('x');
    expect(await listed(into)).toContain('switchyard.db');
  });

  it('goes back to any of them by name, and names those that there are', async () => {
    const first = await backup();
    await writeFile(join(data, 'secret.key'), 'new');
    await backup();
    await restore(join(dir.path, 'a'), { name: first.name });
    expect(await readFile(join(dir.path, 'a/secret.key'), 'utf8')).toBe('key');
    await expect(restore(join(dir.path, 'b'), { name: 'x' })).rejects.toThrow(new RegExp(first.name));
  });

  it('leaves the folder to the server that uses it', async () => {
    await backup();
    const { lockFile } = await import('../../src/store/sqlite/lock.ts');
    const lock = lockFile(join(data, 'switchyard.db'));
    await expect(restore(data, { force: true })).rejects.toThrow(/A server uses/);
    lock.release();
    await restore(data, { force: true });
  });

  it('of a newer program is refused with the version to use', async () => {
    const { name } = await backup();
    const { head, files } = await readManifest(join(to, `${name}.backup`));
    const archive = await openArchive(to, true);
    await archive.publish('2099', { ...head, schema: schemaVersion + 1, version: '9.9.9' }, files);
    await expect(restore(join(dir.path, 'a'))).rejects.toThrow(/newer Switchyard \(9\.9\.9/);
  });
});

it('a log that is written on while it is copied shows no byte that is not its own', async () => {
  const logs = await openLogFiles({ dir: join(data, 'logs'), capBytes: 4 * 1_048_576, durability: 'normal' });
  const at = { task: 5, attempt: 1, stream: 'out' } as const;
  // What stands at an offset follows from the offset.
  const bytesAt = (from: number, n: number): Buffer => {
    const bytes = Buffer.alloc(n);
    for (let i = 0; i < n; i++) bytes[i] = ((from + i) * 2_654_435_761) >>> 24;
    return bytes;
  };
  let length = 0;
  const write = async (): Promise<void> => {
    await logs.write(at, length, bytesAt(length, 60_000));
    length += 60_000;
  };
  for (let i = 0; i < 120; i++) await write();
  const archive = await openArchive(to, true);
  let writing = true;
  const writer = (async () => {
    while (writing) await write();
  })();
  for (let copy = 0; copy < 20; copy++) {
    const committed = length;
    const kept = await archive.keep(logPathOf(join(data, 'logs'), at), headerBytes);
    const folder = join(dir.path, `copy-${copy}`);
    await archive.putBack({ path: 'x', ...kept! }, logPathOf(folder, at));
    const copies = await openLogFiles({ dir: folder, capBytes: 4 * 1_048_576, durability: 'normal' });
    const { parts } = await copies.read(at, committed, 0, committed);
    expect(parts[0]?.offset).toBe(0);
    for (const { offset, bytes } of parts) expect(Buffer.compare(bytes, bytesAt(offset, bytes.length))).toBe(0);
    await copies.close();
  }
  writing = false;
  await writer;
  await logs.close();
});

import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate, migrations, versionOf } from '../../src/store/sqlite/migrate.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { until } from '../lib/until.ts';
import { Yard } from '../system/lib/yard.ts';

const probe = await tempDir();
const mayMount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe.path]).status === 0;
if (mayMount) spawnSync('umount', [probe.path]);
else console.warn('a really full disk is not tested: this user may not mount a tmpfs');
afterAll(() => probe.remove());

/** A disk of its own, so small that it can be filled. */
async function smallDisk(mib: number) {
  const dir = await tempDir();
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', dir.path]);
  onTestFinished(async () => {
    spawnSync('umount', ['-l', dir.path]);
    await dir.remove();
  });
  const filler = join(dir.path, 'filler');
  return {
    path: dir.path,
    /** To the last byte. */
    async fill(): Promise<void> {
      for (const size of [1_048_576, 4_096]) {
        const block = Buffer.alloc(size);
        await (async () => {
          for (;;) await appendFile(filler, block);
        })().catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
        });
      }
    },
    free: () => rm(filler, { force: true }),
  };
}

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );

describe.skipIf(!mayMount)('a full disk (tmpfs)', () => {
  it('refuses submissions and uploads with a clear word, loses nothing, keeps what runs, and goes on by itself when there is room', async () => {
    const disk = await smallDisk(160);
    const yard = await Yard.forTest();
    await mkdir(join(disk.path, 'data'), { mode: 0o700 });
    await symlink(join(disk.path, 'data'), yard.data);
    await yard.start(['--local-worker-slots', '2']);
    const client = await yard.client();
    const argv = [
      'sh',
      '-c',
      'i=0; while [ ! -e stop ]; do i=$((i+1)); echo line $i of a task that talks; sleep 0.01; done; echo last word',
    ];
    const { job: talking } = await client.jobs.submit({ spec: { argv, cwd: yard.dir.path } });
    const task = talking.firstTask;
    await until(async () => (await client.tasks.logLength(task)) > 0);
    const taken: number[] = [];
    const submit = async () =>
      taken.push((await client.jobs.submit({ hold: true, spec: { argv: ['true', 'x'.repeat(2_000)] } })).job.id);
    for (let i = 0; i < 20; i++) await submit();

    await disk.fill();
    let refused = '';
    // Pages that the log of the database still has room in are used up first.
    for (let i = 0; i < 20_000 && refused === ''; i++) {
      refused = await code(submit());
      if (refused === 'done') refused = '';
    }
    expect(refused).toBe('storage');
    expect(await code(client.files.upload(Buffer.alloc(3_000_000, 7)))).toBe('storage');
    await until(async () => (await code(client.ready())) === 'not_ready');
    expect(await code(client.health())).toBe('done');
    // Reading goes on.
    expect((await client.jobs.show(taken[0]!)).state).toBe('held');
    // What it prints meanwhile has no place: it waits, it does not die.
    expect((await client.tasks.show(task)).state).toBe('running');

    await disk.free();
    await until(async () => (await code(client.ready())) === 'done');
    await submit();
    await appendFile(join(yard.dir.path, 'stop'), '');
    expect((await client.jobs.wait(talking.id)).state).toBe('succeeded');
    expect((await client.tasks.show(task)).attempt).toBe(1);
    const log = await yard.cli(['logs', String(talking.id)]);
    expect(log.out).toMatch(/last word\n$/);
    // Every line from the first to the last is there, in order, but for what is told to be missing.
    const numbers = [...log.out.matchAll(/^line (\d+) /gm)].map(([, n]) => Number(n));
    if (!log.out.includes('not kept')) expect(numbers).toEqual(numbers.map((_, i) => i + 1));

    await yard.kill();
    await yard.start(['--local-worker-slots', '2']);
    const again = await yard.client();
    for (const id of taken) expect((await again.jobs.show(id)).state).toBe('held');
    const { out } = await yard.cli(['doctor', '--json']);
    const findings = (JSON.parse(out) as { findings: { check: string; level: string }[] }).findings;
    expect(findings.find(({ check }) => check === 'database')?.level).toBe('ok');
    expect(await readdir(join(yard.data, 'blobs/incoming'))).toEqual([]);
  }, 90_000);

  it('makes no half backup, and says so', async () => {
    const disk = await smallDisk(8);
    const yard = await Yard.forTest();
    await yard.start(['--no-local-worker']);
    const client = await yard.client();
    await client.files.upload(Buffer.alloc(6_000_000, 1));
    const target = join(disk.path, 'backups');
    const first = await yard.cli(['backup', target]);
    expect(first.code).toBe(0);
    await client.files.upload(Buffer.alloc(6_000_000, 2));
    const second = await yard.cli(['backup', target]);
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('no room left for the backup')]);
    expect(JSON.parse((await yard.cli(['backup', target, '--list', '--json'])).out).backups).toHaveLength(1);
    expect((await yard.cli(['backup', target, '--verify'])).out).toContain('is sound');
    // A restore into it leaves nothing behind either.
    const restored = await yard.cli(['restore', target, '--data', join(disk.path, 'data')]);
    expect(restored.err).toContain('cannot be written');
    expect((await readdir(join(disk.path, 'data'))).filter((name) => !name.includes('.lock'))).toEqual([]);
  }, 60_000);

  it('begins no migration without room for the old database', async () => {
    const disk = await smallDisk(8);
    const file = join(disk.path, 'switchyard.db');
    const { db, close } = openWriter(file, 'normal');
    migrate(db, file);
    db.exec(`INSERT INTO body VALUES (1, 1, '${'x'.repeat(2_000_000)}'); PRAGMA wal_checkpoint(TRUNCATE)`);
    await disk.fill();
    const next = [...migrations, 'ALTER TABLE pool ADD COLUMN note TEXT'];
    expect(() => migrate(db, file, next)).toThrow(/no room for a copy/);
    expect(versionOf(db)).toBe(migrations.length);
    await disk.free();
    migrate(db, file, next);
    expect(versionOf(db)).toBe(migrations.length + 1);
    expect((await stat(`${file}.before-schema-${migrations.length + 1}`)).size).toBeGreaterThan(2_000_000);
    close();
  });
});

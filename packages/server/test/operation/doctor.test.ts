import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastBackup } from '../../src/app/doctor/backups.ts';
import { database } from '../../src/app/doctor/database.ts';
import { flushTime, leftovers, permissions } from '../../src/app/doctor/disk.ts';
import type { Finding } from '../../src/app/doctor/finding.ts';
import { type Clocks, clock, nodeVersion, openFiles, portFree, programs } from '../../src/app/doctor/machine.ts';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { Yard } from '../system/lib/yard.ts';

const levels = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]));

describe('doctor, each check on both sides', () => {
  it('node', () => {
    expect([nodeVersion('24.1.0').level, nodeVersion('22.9.0').level]).toEqual(['ok', 'problem']);
  });

  it('permissions of DATA, keys and database', async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, 'secret.key'), '', { mode: 0o600 });
    expect((await permissions(dir.path)).level).toBe('ok');
    await chmod(join(dir.path, 'secret.key'), 0o640);
    expect(await permissions(dir.path)).toMatchObject({ level: 'problem', todo: `chmod go-rwx ${dir.path}/secret.key` });
  });

  it('flush time', async () => {
    await using dir = await tempDir();
    const every = (ms: number) => {
      let at = 0;
      return () => (at += ms);
    };
    expect((await flushTime(dir.path, every(1))).level).toBe('ok');
    expect((await flushTime(dir.path, every(50))).level).toBe('warning');
    expect((await flushTime(dir.path, every(500))).level).toBe('problem');
  });

  it('clock: jumping, set back behind the database, long past', async () => {
    const clocks = (wall: number[], steady = [0, 250]): Clocks => ({
      now: () => (wall.length > 1 ? wall.shift()! : wall[0]!),
      monotonic: () => (steady.length > 1 ? steady.shift()! : steady[0]!),
      pause: async () => {},
    });
    const t = Date.UTC(2026, 5, 1);
    expect((await clock(clocks([t, t + 250]), t)).level).toBe('ok');
    expect((await clock(clocks([t, t + 3_600_000]), t)).level).toBe('warning');
    expect((await clock(clocks([t, t + 250]), t + 86_400_000)).text).toContain('1.0 days in the future');
    expect((await clock(clocks([0, 250]), null)).level).toBe('problem');
  });

  it('ports', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect((await portFree('127.0.0.1', port, 'x')).level).toBe('problem');
    server.close();
    await once(server, 'close');
    expect((await portFree('127.0.0.1', port, 'x')).level).toBe('ok');
  });

  it('programs, by what really is on the PATH', async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, 'oxDNA'), '#!/bin/sh\necho oxDNA 3.7.1\n', { mode: 0o755 });
    const [found] = await programs(dir.path);
    expect(found?.text).toMatch(/^oxDNA 3\.7\.1; not on the PATH: blender/);
  });

  it('open files', () => {
    expect([openFiles(30_000, 20_000).level, openFiles(20_000, 20_000).level]).toEqual(['ok', 'warning']);
  });

  it('database: sound, damaged, newer, none', async () => {
    await using dir = await tempDir();
    const file = join(dir.path, 'switchyard.db');
    expect((await database(file)).findings[0]?.text).toContain('none yet');
    const { db, close } = openWriter(file, 'normal');
    migrate(db, file);
    for (let i = 1; i <= 400; i++) db.exec(`INSERT INTO body VALUES (${i}, 1, '${'x'.repeat(500)}')`);
    close();
    const whole = await readFile(file);
    expect(levels((await database(file)).findings)).toEqual({ database: 'ok', 'write-ahead log': 'ok' });
    const half = Buffer.from(whole);
    half.fill(0xee, Math.floor(whole.length / 2), Math.floor(whole.length / 2) + 20_000);
    await writeFile(file, half);
    expect((await database(file)).findings[0]).toMatchObject({ level: 'problem', todo: expect.stringContaining('restore') });
    await writeFile(file, 'this is no database at all');
    expect((await database(file)).findings[0]?.level).toBe('problem');
  });

  it('backups and leftovers', async () => {
    await using dir = await tempDir();
    const now = Date.UTC(2026, 5, 20);
    const made = (iso: string) => writeFile(join(dir.path, 'last-backup.json'), JSON.stringify({ made: iso }));
    expect((await lastBackup(dir.path, now)).level).toBe('warning');
    await made('2026-06-19T00:00:00.000Z');
    expect((await lastBackup(dir.path, now)).level).toBe('ok');
    await made('2026-06-01T00:00:00.000Z');
    expect((await lastBackup(dir.path, now)).level).toBe('warning');
    expect((await leftovers(dir.path)).level).toBe('ok');
    await mkdir(join(dir.path, 'before-restore-x'));
    expect((await leftovers(dir.path)).level).toBe('warning');
    await writeFile(join(dir.path, 'restore-unfinished'), '');
    expect((await leftovers(dir.path)).level).toBe('problem');
  });
});

describe('switchyard doctor', () => {
  let yard: Yard;
  beforeAll(async () => {
    yard = await Yard.open();
    await yard.start(['--no-local-worker']);
  }, 30_000);
  afterAll(() => yard[Symbol.asyncDispose](), 30_000);

  const examined = async () => {
    const { code, out } = await yard.cli(['doctor', '--json']);
    return { code, findings: (JSON.parse(out) as { findings: Finding[] }).findings };
  };

  it('finds nothing wrong with a fresh server, and each finding that is not ok says what to do', async () => {
    const { code, findings } = await examined();
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(code).toBe(0);
    expect(levels(findings)).toMatchObject({
      server: 'ok',
      database: 'ok',
      permissions: 'ok',
      'waiting tasks': 'ok',
      backup: 'warning',
    });
    for (const { level, todo } of findings) expect(todo === null).toBe(level === 'ok');
  });

  it('names work that no worker takes', async () => {
    await (await yard.client()).jobs.submit({ spec: { argv: ['true'] } });
    const { findings } = await examined();
    expect(findings.find(({ check }) => check === 'waiting jobs')).toMatchObject({
      level: 'warning',
      text: expect.stringMatching(/^job 1 \(true\) waits for ever: /),
    });
    expect(findings.find(({ check }) => check === 'waiting tasks')).toMatchObject({
      level: 'warning',
      text: expect.stringContaining('1 of kind shell'),
    });
  });

  it('exits with 1 for a problem, with a configuration that stops the next start', async () => {
    const file = join(yard.data, 'switchyard.toml');
    await writeFile(file, 'prot = 7\n');
    const { code, findings } = await examined();
    expect(code).toBe(1);
    expect(findings.find(({ check }) => check === 'configuration')?.text).toContain('did you mean port');
    await rm(file);
  });
});

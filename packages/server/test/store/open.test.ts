import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Durability, openWriter } from '../../src/store/sqlite/database.ts';
import { schemaVersion, versionOf } from '../../src/store/sqlite/migrate.ts';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/open.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { procedures } from '../suites/store-procedures.ts';
import { command } from '../suites/store-rows.ts';

const url = new URL('../suites/store-procedures.ts', import.meta.url).href;
const fatal: Error[] = [];
const onFatal = (error: Error): void => void fatal.push(error);

describe.each(['inline', 'threaded'] as const)('opening, %s', (mode) => {
  let dir: TempDir;
  let file: string;
  const options = (durability?: Durability): SqliteStoreOptions => {
    const level = durability === undefined ? {} : { durability };
    return mode === 'inline'
      ? { file, mode, procedures, ...level }
      : { file, mode, procedures: { url, export: 'procedures' }, onFatal, ...level };
  };
  const open = (durability?: Durability): Promise<SqliteStore> => openSqliteStore(options(durability));

  beforeEach(async () => {
    dir = await tempDir();
    file = join(dir.path, 'store.db');
    fatal.length = 0;
  });
  afterEach(() => dir.remove());

  test('every connection flushes each commit: synchronous is 2, unless the user chose otherwise', async () => {
    const full = await open();
    expect(full.synchronous).toEqual({ writer: 2, reader: 2 });
    await full.close();
    const normal = await open('normal');
    expect(normal.synchronous).toEqual({ writer: 1, reader: 1 });
    await normal.close();
  });

  test('S10 a newer schema stops the opening with a text that says so, and the file stays as it was', async () => {
    await (await open()).close();
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA user_version = ${schemaVersion + 7}`);
    db.close();
    await expect(open()).rejects.toThrow(/newer Switchyard \(schema \d+, this program knows \d+\)/);
    // Nothing is held after a refused opening.
    const again = new DatabaseSync(file);
    expect(versionOf(again)).toBe(schemaVersion + 7);
    again.exec(`PRAGMA user_version = ${schemaVersion}`);
    again.close();
    await (await open()).close();
  });

  test('S10 an empty file becomes this schema', async () => {
    const db = new DatabaseSync(file);
    expect(versionOf(db)).toBe(0);
    db.close();
    await (await open()).close();
    const after = new DatabaseSync(file);
    expect(versionOf(after)).toBe(schemaVersion);
    after.close();
  });

  test('a file is used by one server at a time', async () => {
    const first = await open();
    await expect(open()).rejects.toThrow(/another server uses/);
    await first.close();
    await (await open()).close();
  });

  test('a file that is no database is told as such and left alone', async () => {
    const { writeFile, readFile } = await import('node:fs/promises');
    await writeFile(
      file,
      'this is a letter to my aunt, and much longer than a header of one hundred bytes would be. '.repeat(20),
    );
    await expect(open()).rejects.toThrow(/not a database/);
    expect((await readFile(file, 'utf8')).startsWith('this is a letter')).toBe(true);
    expect(fatal).toEqual([]);
  });
});

test('a module without such procedures stops the opening', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const wrong = { url, export: 'nothing' };
  await expect(openSqliteStore({ file, mode: 'threaded', procedures: wrong, onFatal })).rejects.toThrow(
    /no procedures called nothing/,
  );
});

test('an answer that no message can carry is a bug of its procedure alone', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const store = await openSqliteStore({ file, mode: 'threaded', procedures: { url, export: 'procedures' }, onFatal });
  const { answers } = await store.run([
    command('add', { pool: 'a' }),
    command('unsendable', null),
    command('add', { pool: 'a' }),
  ]);
  expect(answers).toEqual([{ answer: 1 }, { thrown: expect.stringContaining('plain value') }, { answer: 2 }]);
  const [bad, good] = await Promise.allSettled([
    store.run([command('add', () => 1)]),
    store.run([command('add', { pool: 'a' })]),
  ]);
  expect(bad.status).toBe('rejected');
  expect(good).toMatchObject({ status: 'fulfilled', value: { answers: [{ answer: 3 }] } });
  await store.close();
});

test('the thread dies: those who wait are told, the owner is told once, later calls are refused', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const told: Error[] = [];
  const store = await openSqliteStore({
    file,
    mode: 'threaded',
    procedures: { url, export: 'procedures' },
    onFatal: (error) => told.push(error),
  });
  await expect(store.run([command('die', null)])).rejects.toThrow(/store thread/);
  await expect(store.run([command('add', { pool: 'a' })])).rejects.toThrow(/store thread/);
  expect(told).toHaveLength(1);
  await store.close();
});

test('a commit reads its durability from the connection that writes', () => {
  const connection = openWriter(':memory:', 'full');
  expect(connection.db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  connection.close();
});

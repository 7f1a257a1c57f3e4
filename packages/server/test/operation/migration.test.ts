import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate, migrations, versionOf } from '../../src/store/sqlite/migrate.ts';
import { tempDir } from '../lib/temp-dir.ts';

const next = [...migrations, 'ALTER TABLE pool ADD COLUMN note TEXT; DROP TABLE sweep;'];
const step = migrations.length + 1;

/** A database of the present schema, as an older program of the future would have left it. */
async function older() {
  const dir = await tempDir();
  const file = join(dir.path, 'switchyard.db');
  const writer = openWriter(file, 'normal');
  migrate(writer.db, file);
  writer.db.exec("INSERT INTO pool VALUES ('p', 3, 0)");
  return { dir, file, ...writer };
}

test('before a database with content is changed, it is copied beside; the older program opens the copy', async () => {
  const { dir, file, db, close } = await older();
  migrate(db, file, next);
  expect(versionOf(db)).toBe(step);
  close();
  const kept = `${file}.before-schema-${step}`;
  const old = openWriter(kept, 'normal');
  migrate(old.db, kept);
  expect(versionOf(old.db)).toBe(migrations.length);
  expect(old.db.prepare('SELECT * FROM pool').all()).toEqual([{ name: 'p', total: 3, used: 0 }]);
  old.close();
  await dir.remove();
});

test('nothing is copied for a new file, nor where nothing is to be changed', async () => {
  const { dir, file, db, close } = await older();
  migrate(db, file);
  close();
  expect((await readdir(dir.path)).filter((name) => name.includes('before'))).toEqual([]);
  await dir.remove();
});

test('a migration that fails leaves the database and its copy as they were; the next start tries again', async () => {
  const { dir, file, db, close } = await older();
  const broken = [...migrations, 'ALTER TABLE pool ADD COLUMN note TEXT; SELECT no_such_function();'];
  expect(() => migrate(db, file, broken)).toThrow(/could not be brought to schema/);
  expect(versionOf(db)).toBe(migrations.length);
  migrate(db, file, next);
  expect(versionOf(db)).toBe(step);
  close();
  await dir.remove();
});

test.skipIf(process.getuid?.() === 0)('without room for the copy nothing is changed', async () => {
  const { dir, file, db, close } = await older();
  await chmod(dir.path, 0o500);
  expect(() => migrate(db, file, next)).toThrow(/no room for a copy/);
  expect(versionOf(db)).toBe(migrations.length);
  await chmod(dir.path, 0o700);
  close();
  await dir.remove();
});

test('a copy that was broken off is made anew', async () => {
  const { dir, file, db, close } = await older();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(`${file}.before-schema-${step}.tmp`, 'half');
  migrate(db, file, next);
  close();
  const old = new DatabaseSync(`${file}.before-schema-${step}`, { readOnly: true });
  expect(versionOf(old)).toBe(migrations.length);
  old.close();
  await dir.remove();
});

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../src/store');

test('no statement has a bare `LIMIT ?`, which SQLite prepares anew at every execution', async () => {
  const found: string[] = [];
  let files = 0;
  for await (const file of glob('**/*.ts', { cwd: root })) {
    files += 1;
    const text = await readFile(join(root, file), 'utf8');
    // Texts only: the comment that explains it stands between backticks of its own.
    if (/LIMIT \?(?!`)/.test(text)) found.push(file);
  }
  expect(found).toEqual([]);
  expect(files).toBeGreaterThan(30);
});

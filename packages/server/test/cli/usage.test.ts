import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempDir } from '../lib/temp-dir.ts';

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** A command line that cannot be right, with a folder without a server. */
async function refused(...words: readonly string[]): Promise<{ code: unknown; text: string }> {
  const failed = await promisify(execFile)(process.execPath, [main, ...words]).catch((error: unknown) => error);
  const { code, stderr } = failed as { code: unknown; stderr: string };
  return { code, text: stderr };
}

test.each([
  [['workers', 'drain', '1'], '"switchyard workers --help"'],
  [['jobz'], '"switchyard --help"'],
  [['jobs', '--nope'], '"switchyard jobs --help"'],
  [['render', 'x.blend'], '"switchyard render --help"'],
])('a command line that is not understood says where to look: %j', async (words, advice) => {
  expect(await refused(...words)).toEqual({ code: 2, text: expect.stringContaining(advice) });
});

test('a folder without backups is not called one for other things', async () => {
  await using dir = await tempDir();
  const { code, text } = await refused('restore', dir.path, '--data', `${dir.path}/data`);
  expect(code).toBe(1);
  expect(text).toContain('holds no backups: name the folder that "switchyard backup" was given');
});

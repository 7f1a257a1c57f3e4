import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { explain } from '../../src/cli/kit/explain.ts';
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

test('a file that is not there is called so, without the words of the system', async () => {
  await using dir = await tempDir();
  const said = async (path: string) => explain(await readFile(path).catch((error: unknown) => error), null);
  expect(await said(`${dir.path}/nope.gcode`)).toEqual({
    text: `There is no file ${dir.path}/nope.gcode on this machine`,
    exitCode: 1,
  });
  expect((await said(`${dir.path}/x/y`)).text).not.toContain('ENOENT');
});

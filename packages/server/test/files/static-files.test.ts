import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openStaticFiles } from '../../src/files/static-files.ts';
import type { StaticFile } from '../../src/ports/static-files.ts';
import { tempDir } from '../lib/temp-dir.ts';

async function place() {
  const dir = await tempDir();
  const root = join(dir.path, 'shown');
  await mkdir(join(root, 'inner'), { recursive: true });
  await writeFile(join(root, 'inner', 'a.txt'), 'hello');
  await writeFile(join(dir.path, 'secret.txt'), 'secret');
  const files = await openStaticFiles(root);
  const file = async (...names: string[]): Promise<StaticFile> => {
    const found = await files.find(names);
    if (found === null || found === 'folder') throw new Error(`${names.join('/')} is ${found}`);
    return found;
  };
  return { ...dir, outside: dir.path, root, files, file, [Symbol.asyncDispose]: dir.remove };
}

describe('static files', () => {
  it('finds files and folders', async () => {
    await using at = await place();
    expect(await at.files.find([])).toBe('folder');
    expect(await at.files.find(['inner'])).toBe('folder');
    const file = await at.file('inner', 'a.txt');
    expect(file.size).toBe(5);
    expect(await text((await file.read({ start: 1, end: 3 }))!)).toBe('ell');
    for (const names of [['b'], ['inner', 'a.txt', 'b'], ['x'.repeat(300)]]) expect(await at.files.find(names)).toBeNull();
  });

  it('V1 names do not lead out of the folder', async () => {
    await using at = await place();
    for (const names of [
      ['..', 'secret.txt'],
      ['../secret.txt'],
      ['inner', '..', '..', 'secret.txt'],
      ['inner/../../secret.txt'],
      [join(at.outside, 'secret.txt')],
      ['..'],
      ['.'],
      [''],
      ['a.txt\0'],
    ]) {
      expect(await at.files.find(names), names.join('|')).toBeNull();
    }
  });

  it('V1 nor do links, while those within are followed', async () => {
    await using at = await place();
    await symlink(join(at.outside, 'secret.txt'), join(at.root, 'file'));
    await symlink(at.outside, join(at.root, 'up'));
    await symlink('loop', join(at.root, 'loop'));
    await symlink('inner', join(at.root, 'also'));
    expect(await at.files.find(['file'])).toBeNull();
    expect(await at.files.find(['up'])).toBeNull();
    expect(await at.files.find(['up', 'secret.txt'])).toBeNull();
    expect(await at.files.find(['up', 'shown', 'inner', 'a.txt'])).not.toBeNull();
    expect(await at.files.find(['loop'])).toBeNull();
    expect((await at.file('also', 'a.txt')).size).toBe(5);
  });

  it('V1 a folder beside it with a longer name of the same beginning is outside', async () => {
    await using at = await place();
    await mkdir(`${at.root}-not`);
    await writeFile(join(`${at.root}-not`, 'b.txt'), 'b');
    await symlink(`${at.root}-not`, join(at.root, 'not'));
    expect(await at.files.find(['not', 'b.txt'])).toBeNull();
  });

  it('V2 what begins with a dot is not there, by a link neither', async () => {
    await using at = await place();
    await mkdir(join(at.root, '.git'));
    await writeFile(join(at.root, '.git', 'config'), 'c');
    await symlink('.git', join(at.root, 'git'));
    expect(await at.files.find(['.git', 'config'])).toBeNull();
    expect(await at.files.find(['git', 'config'])).toBeNull();
  });

  it('V3 a file that was replaced, or is a link now, is not read as the one that was found', async () => {
    await using at = await place();
    const path = join(at.root, 'inner', 'a.txt');
    const before = await at.file('inner', 'a.txt');
    await writeFile(`${path}.new`, 'HELLO');
    await utimes(`${path}.new`, before.modifiedAt / 1_000, before.modifiedAt / 1_000);
    await rename(`${path}.new`, path);
    const after = await at.file('inner', 'a.txt');
    expect(after.version).not.toBe(before.version);
    expect(await before.read({ start: 0, end: 4 })).toBeNull();
    expect(await text((await after.read({ start: 0, end: 4 }))!)).toBe('HELLO');
    await rm(path);
    await symlink(join(at.outside, 'secret.txt'), path);
    expect(await after.read({ start: 0, end: 4 })).toBeNull();
  });

  it('V3 a file that shrinks under the reader is an error', async () => {
    await using at = await place();
    const path = join(at.root, 'long.bin');
    await writeFile(path, Buffer.alloc(1_000_000));
    const stream = (await (await at.file('long.bin')).read({ start: 0, end: 999_999 }))!;
    await truncate(path, 10);
    await expect(text(stream)).rejects.toThrow('shorter');
  });

  it.skipIf(process.platform === 'win32')('what is neither file nor folder is not there', async () => {
    await using at = await place();
    execFileSync('mkfifo', [join(at.root, 'pipe')]);
    expect(await at.files.find(['pipe'])).toBeNull();
  });

  it('opens no file and nothing that is missing as a folder', async () => {
    await using at = await place();
    await expect(openStaticFiles(join(at.outside, 'secret.txt'))).rejects.toThrow('no folder');
    await expect(openStaticFiles(join(at.outside, 'none'))).rejects.toThrow('ENOENT');
  });
});

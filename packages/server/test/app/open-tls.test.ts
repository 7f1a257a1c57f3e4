import { chmod, copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTls, type TlsFiles, tlsFilesOf, watchTls } from '../../src/app/open-tls.ts';
import { StartRefused } from '../../src/app/start-refused.ts';
import type { TlsMaterial } from '../../src/doors/kit/tls-gate.ts';
import { tlsFault } from '../../src/doors/kit/tls-gate.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { keptLog } from '../lib/quiet-log.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { until } from '../lib/until.ts';
import { pair, path } from '../tls/lib.ts';

const none = { 'tls-cert': null, 'tls-key': null, 'tls-only': false };

test.each([
  [{ 'tls-cert': 'a' }, '--tls-cert needs --tls-key too'],
  [{ 'tls-key': 'a' }, '--tls-key needs --tls-cert too'],
  [{ 'tls-only': true }, '--tls-only needs a certificate'],
])('%j is refused: %s', (given, words) => {
  expect(() => tlsFilesOf({ ...none, ...given })).toThrow(StartRefused);
  expect(() => tlsFilesOf({ ...none, ...given })).toThrow(words);
});

test('both name the files, neither is no TLS', () => {
  expect(tlsFilesOf(none)).toBeNull();
  expect(tlsFilesOf({ 'tls-cert': 'c', 'tls-key': 'k', 'tls-only': true })).toEqual({ cert: 'c', key: 'k' });
});

test.each([
  [{ cert: path('one.pem'), key: path('two.key') }, 'the key is not the one of this certificate'],
  [{ cert: '/nowhere.pem', key: path('one.key') }, '/nowhere.pem'],
  [{ cert: path('one.key'), key: path('one.key') }, 'do not do'],
])('a start with %j is refused: %s', async (files, words) => {
  const { log } = keptLog();
  await expect(readTls(files, log)).rejects.toThrow(words);
  await expect(readTls(files, log)).rejects.toBeInstanceOf(StartRefused);
});

test('a key that everybody may read is worth a warning', async () => {
  await using dir = await tempDir();
  const key = join(dir.path, 'key.pem');
  await copyFile(path('one.key'), key);
  for (const [mode, lines] of [
    [0o600, 0],
    [0o640, 0],
    [0o644, 1],
  ] as const) {
    await chmod(key, mode);
    const kept = keptLog();
    expect(await readTls({ cert: path('one.pem'), key }, kept.log)).toEqual(pair.one);
    expect([mode, kept.lines.length]).toEqual([mode, lines]);
  }
});

/** A watch whose renewals are kept; broken material is refused as the gate does. */
function watched(files: TlsFiles) {
  const clock = createFakeClock();
  const { log, lines } = keptLog();
  const used: string[] = [];
  const renew = (material: TlsMaterial): string | null => {
    const fault = tlsFault(material);
    if (fault === null) used.push(material.cert === pair.two.cert ? 'two' : 'one');
    return fault;
  };
  const watch = watchTls(files, pair.one, renew, { clock, log });
  /** Lets the quiet time pass, however late the system tells of the change. */
  const heard = (condition: () => boolean) =>
    until(async () => {
      await clock.advance(500);
      return condition();
    });
  return { watch, lines, used, heard, [Symbol.dispose]: () => watch.close() };
}

test('files replaced one after the other: the pair is used when it fits', async () => {
  await using dir = await tempDir();
  const files = { cert: join(dir.path, 'c.pem'), key: join(dir.path, 'k.pem') };
  await copyFile(path('one.pem'), files.cert);
  await copyFile(path('one.key'), files.key);
  using place = watched(files);
  await copyFile(path('two.pem'), `${files.cert}.new`);
  await rename(`${files.cert}.new`, files.cert);
  await place.heard(() => place.lines.some(({ msg }) => msg === 'tls:kept-the-old-certificate'));
  expect(place.used).toEqual([]);
  await copyFile(path('two.key'), files.key);
  await place.heard(() => place.used.length > 0);
  expect(place.used).toEqual(['two']);
});

test('folders behind a link that is replaced, as in Kubernetes', async () => {
  await using dir = await tempDir();
  const at = (name: string) => join(dir.path, name);
  for (const name of ['one', 'two']) {
    await mkdir(at(name));
    await copyFile(path(`${name}.pem`), join(at(name), 'tls.crt'));
    await copyFile(path(`${name}.key`), join(at(name), 'tls.key'));
  }
  await symlink('one', at('..data'));
  await symlink('..data/tls.crt', at('tls.crt'));
  await symlink('..data/tls.key', at('tls.key'));
  using place = watched({ cert: at('tls.crt'), key: at('tls.key') });
  await symlink('two', at('..data_tmp'));
  await rename(at('..data_tmp'), at('..data'));
  await place.heard(() => place.used.length > 0);
  expect(place.used).toEqual(['two']);
});

test('asked to look (SIGHUP): nothing new is nothing, files that are gone leave the old one', async () => {
  await using dir = await tempDir();
  const files = { cert: join(dir.path, 'c.pem'), key: join(dir.path, 'k.pem') };
  await writeFile(files.cert, pair.one.cert);
  await writeFile(files.key, pair.one.key);
  using place = watched(files);
  await place.watch.reload();
  expect([place.used, place.lines]).toEqual([[], []]);
  await rm(files.key);
  await place.watch.reload();
  expect(place.used).toEqual([]);
  expect(place.lines.at(-1)).toMatchObject({ msg: 'tls:kept-the-old-certificate', fault: expect.stringContaining('ENOENT') });
  await writeFile(files.cert, pair.two.cert);
  await writeFile(files.key, pair.two.key);
  await place.watch.reload();
  expect(place.used).toEqual(['two']);
});

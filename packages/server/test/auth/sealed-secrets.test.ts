import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seal, unseal } from '../../src/auth/seal.ts';
import { openSealedSecrets, type SealedSecrets } from '../../src/auth/sealed-secrets.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { authDesk } from './lib.ts';

async function setUp() {
  const [desk, dir] = await Promise.all([authDesk(), tempDir()]);
  const keyFile = join(dir.path, 'secret.key');
  const open = () => openSealedSecrets({ ...desk, keyFile });
  const opened = async (): Promise<SealedSecrets> => {
    const answer = await open();
    if (answer.refusal !== undefined) throw new Error(answer.refusal.detail);
    return answer.value;
  };
  const end = () => Promise.all([desk.store.close(), dir.remove()]).then(() => undefined);
  return { ...desk, keyFile, open, opened, [Symbol.asyncDispose]: end };
}

test('a secret is there again after a restart, and stands nowhere in clear', async () => {
  await using desk = await setUp();
  const secrets = await desk.opened();
  await secrets.set('kueue.secret', 'open sesame ü');
  await secrets.set('jwt', '');
  expect((await stat(desk.keyFile)).mode & 0o777).toBe(0o600);
  const again = await desk.opened();
  expect(await again.get('kueue.secret')).toBe('open sesame ü');
  expect(await again.get('jwt')).toBe('');
  expect(await again.get('other')).toBeNull();
  expect(await again.list()).toEqual(['jwt', 'kueue.secret']);
  const kept = JSON.stringify([await desk.records.list('secret'), await desk.records.list('secret-probe')]);
  expect(kept).not.toContain('sesame');
  expect(kept).not.toContain((await readFile(desk.keyFile, 'utf8')).trim());
});

test('a secret is replaced and deleted; the same text is never sealed alike', async () => {
  await using desk = await setUp();
  const secrets = await desk.opened();
  const sealed: unknown[] = [];
  for (const text of ['same', 'same', 'new']) {
    await secrets.set('name', text);
    expect(await secrets.get('name')).toBe(text);
    sealed.push((await desk.records.get<{ text: string }>('secret', 'name'))?.value.text);
  }
  expect(new Set(sealed).size).toBe(3);
  expect(await secrets.delete('name')).toBe(true);
  expect(await secrets.delete('name')).toBe(false);
  expect(await secrets.get('name')).toBeNull();
});

test('what is made at first need is made once, whoever asks at the same time', async () => {
  await using desk = await setUp();
  const secrets = await desk.opened();
  let made = 0;
  const all = await Promise.all(Array.from({ length: 5 }, () => secrets.getOrMake('kueue.secret', () => `secret ${made++}`)));
  expect(new Set(all).size).toBe(1);
  expect(await secrets.getOrMake('kueue.secret', () => 'another')).toBe(all[0]);
});

test('a record that was changed, or moved to another name, does not open', async () => {
  await using desk = await setUp();
  const secrets = await desk.opened();
  await secrets.set('a', 'of a');
  await secrets.set('b', 'of b');
  const [a, b] = await Promise.all(['a', 'b'].map((name) => desk.records.get('secret', name)));
  await desk.records.put('secret', 'a', b!.value, a!.revision);
  await expect(secrets.get('a')).rejects.toThrow('damaged or moved');
  expect(await secrets.get('b')).toBe('of b');
});

test.each([0o640, 0o604, 0o666])(
  'a key file of mode %o is refused with what to do, and works when that is done',
  async (mode) => {
    await using desk = await setUp();
    await (await desk.opened()).set('a', 'x');
    await chmod(desk.keyFile, mode);
    const { refusal } = await desk.open();
    expect(refusal?.detail).toContain(`chmod 600 '${desk.keyFile}'`);
    expect(refusal?.detail).toContain(mode.toString(8));
    await chmod(desk.keyFile, 0o600);
    expect(await (await desk.opened()).get('a')).toBe('x');
  },
);

test('a lost, a damaged and a foreign key are told apart; none is replaced', async () => {
  await using desk = await setUp();
  await (await desk.opened()).set('a', 'x');
  const key = await readFile(desk.keyFile);
  await rm(desk.keyFile);
  expect((await desk.open()).refusal?.detail).toContain('missing');
  await expect(stat(desk.keyFile)).rejects.toThrow('ENOENT');
  await writeFile(desk.keyFile, 'short', { mode: 0o600 });
  expect((await desk.open()).refusal?.detail).toContain('does not hold a key');
  await writeFile(desk.keyFile, createSeededRandom('foreign').secret(32));
  expect((await desk.open()).refusal?.detail).toContain('not the key of this database');
  await writeFile(desk.keyFile, key);
  expect(await (await desk.opened()).get('a')).toBe('x');
});

test('who has lost the key gives the secrets up by the word that every refusal names', async () => {
  await using desk = await setUp();
  await (await desk.opened()).set('a', 'x');
  await rm(desk.keyFile);
  expect((await desk.open()).refusal?.detail).toContain(`printf forget > '${desk.keyFile}'`);
  await writeFile(desk.keyFile, 'forget', { mode: 0o600 });
  const secrets = await desk.opened();
  expect(await secrets.list()).toEqual([]);
  await secrets.set('a', 'anew');
  expect(await (await desk.opened()).get('a')).toBe('anew');
  expect(await readFile(desk.keyFile, 'utf8')).toMatch(/^[\w-]{43}\n$/);
});

test('AES-256-GCM: any changed character of nonce, text or tag, another name or key opens nothing', () => {
  const random = createSeededRandom('seal');
  const key = random.bytes(32);
  const sealed = seal(key, 'name', 'the secret text', random.secret(12));
  expect(unseal(key, 'name', sealed)).toBe('the secret text');
  expect(unseal(key, 'other', sealed)).toBeNull();
  expect(unseal(random.bytes(32), 'name', sealed)).toBeNull();
  for (const part of ['nonce', 'text', 'tag'] as const) {
    // The last character carries unused bits.
    for (let i = 0; i < sealed[part].length - 1; i++) {
      const char = sealed[part][i] === 'A' ? 'B' : 'A';
      const changed = { ...sealed, [part]: sealed[part].slice(0, i) + char + sealed[part].slice(i + 1) };
      expect(unseal(key, 'name', changed), `${part} ${i}`).toBeNull();
    }
  }
  expect(unseal(key, 'name', { ...sealed, tag: sealed.tag.slice(0, 8) })).toBeNull();
  expect(unseal(key, 'name', { ...sealed, nonce: '' })).toBeNull();
});

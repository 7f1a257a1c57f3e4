import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditNote } from '../../src/auth/audit-notes.ts';
import { createTokenAdmin } from '../../src/auth/token-admin.ts';
import { createAdminTokenFile, createTokenFile, readTokenFile } from '../../src/auth/token-file.ts';
import type { TokenRecord } from '../../src/auth/token-record.ts';
import { parseToken } from '../../src/auth/token-text.ts';
import { createTokens, type NewToken, type Tokens } from '../../src/auth/tokens.ts';
import { type Role, roles, system } from '../../src/domain/principal.ts';
import type { TokenAdmin } from '../../src/doors/api/deps.ts';
import type { Authenticator } from '../../src/doors/kit/door.ts';
import type { Records } from '../../src/ports/records.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { authDesk, openDoorAccess } from './lib.ts';

const minute = 60_000;
let desk: Awaited<ReturnType<typeof authDesk>>;
let tokens: Tokens;
let temp: TempDir;
let dir: string;

beforeEach(async () => {
  desk = await authDesk();
  tokens = createTokens(desk);
  temp = await tempDir();
  dir = temp.path;
});
afterEach(async () => {
  await tokens.close();
  await desk.store.close();
  await temp.remove();
});

async function made(request: Partial<NewToken> = {}): Promise<string> {
  const answer = await tokens.create(system, { name: 'ada', role: 'submitter', ...request });
  if (answer.refusal !== undefined) throw new Error(answer.refusal.detail);
  return answer.value.token;
}
const stored = async (id: string) => (await desk.records.get<TokenRecord>('token', id))!;

describe('tokens', () => {
  test('a token is who it was made for, with the rights and scope of its role', async () => {
    for (const [i, role] of (Object.keys(roles) as Role[]).entries()) {
      const token = await made({ name: `a ${role}`, role, kinds: role === 'worker' ? ['shell'] : null });
      expect(token).toMatch(/^swy_\d+_[\w-]{43}$/);
      expect(await tokens.authenticate(token)).toEqual({
        id: `token:${i + 1}`,
        name: `a ${role}`,
        rights: roles[role].rights,
        scope: roles[role].scope,
        kinds: role === 'worker' ? ['shell'] : (roles[role].kinds ?? null),
      });
    }
  });

  test('only a hash of it is stored', async () => {
    const token = await made();
    await tokens.authenticate(token);
    await tokens.close();
    const text = JSON.stringify(await desk.records.list('token'));
    expect(text).not.toContain(parseToken(token)!.secret);
    expect(text).toContain('"hash"');
    expect(JSON.stringify(await tokens.list())).not.toContain('hash');
  });

  test('any other text is nobody: each wrong character, another id, cut, prolonged, empty, huge', async () => {
    const token = await made();
    const second = await made();
    const swapped = `swy_2_${parseToken(token)!.secret}`;
    const wrong = [...token].map((char, i) => token.slice(0, i) + (char === 'A' ? 'B' : 'A') + token.slice(i + 1));
    const others = [
      '',
      'swy_1_',
      token.slice(0, -1),
      `${token}A`,
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
      'x'.repeat(1e6),
    ];
    for (const text of [...wrong, ...others, swapped, token.replace('swy_1', 'swy_01'), token.replace('swy_1', 'swy_77')]) {
      expect(await tokens.authenticate(text), text.slice(0, 60)).toBeNull();
    }
    expect((await tokens.authenticate(token))?.id).toBe('token:1');
    expect((await tokens.authenticate(second))?.id).toBe('token:2');
  });

  test('it ends at its moment of expiry, by the wall clock, though it is remembered', async () => {
    const token = await made({ expiresAt: desk.clock.now() + 10_000 });
    expect(await tokens.authenticate(token)).not.toBeNull();
    await desk.clock.advance(9_999);
    expect(await tokens.authenticate(token)).not.toBeNull();
    await desk.clock.advance(1);
    expect(await tokens.authenticate(token)).toBeNull();
  });

  test.each([
    ['now', 0],
    ['past', -1],
    ['no number', Number.NaN],
  ])('expiry %s is refused', async (_, after) => {
    const answer = await tokens.create(system, { name: 'x', role: 'viewer', expiresAt: desk.clock.now() + after });
    expect(answer.refusal).toMatchObject({ code: 'invalid', at: '/expiresAt' });
    expect(await tokens.list()).toEqual([]);
  });

  test('a revoked token is nobody at once, whoever remembered it; its id is never used again', async () => {
    const token = await made();
    expect(await tokens.authenticate(token)).not.toBeNull();
    expect(await tokens.revoke('1')).toBe(true);
    expect(await tokens.authenticate(token)).toBeNull();
    expect(await tokens.revoke('1')).toBe(false);
    expect(await tokens.revoke('99')).toBe(false);
    expect((await stored('1')).value.hash).toBe('');
    expect(await made()).toMatch(/^swy_2_/);
    const again = createTokens(desk);
    expect(await again.authenticate(token)).toBeNull();
  });

  test.each(['lately', 'never'])(
    'a read that began before a revocation does not bring the token back, used %s before',
    async (when) => {
      const token = await made();
      if (when === 'lately') await tokens.authenticate(token);
      await tokens.close();
      const gate = Promise.withResolvers<void>();
      const read = Promise.withResolvers<void>();
      let held = false;
      const records: Records = {
        ...desk.records,
        async get<T>(collection: string, key: string) {
          const found = await desk.records.get<T>(collection, key);
          const first = !held;
          held = true;
          read.resolve();
          if (first) await gate.promise;
          return found;
        },
      };
      const slow = createTokens({ ...desk, records });
      const early = slow.authenticate(token);
      await read.promise;
      await slow.revoke('1');
      gate.resolve();
      expect(await early).not.toBeNull();
      expect(await slow.authenticate(token)).toBeNull();
      await slow.close();
      expect(await slow.authenticate(token)).toBeNull();
    },
  );

  test('a revocation gets through though the record changes under it', async () => {
    const token = await made();
    let meddled = false;
    const records: Records = {
      ...desk.records,
      async get<T>(collection: string, key: string) {
        const found = await desk.records.get<T>(collection, key);
        if (found !== null && !meddled) await desk.records.put(collection, key, found.value, found.revision);
        meddled = true;
        return found;
      },
    };
    expect(await createTokens({ ...desk, records }).revoke('1')).toBe(true);
    expect(await tokens.authenticate(token)).toBeNull();
  });

  test('what another server revoked is nobody after `refresh`, and without it after half a minute', async () => {
    const [first, second] = [await made(), await made()];
    const other = createTokens(desk);
    for (const token of [first, second]) expect(await tokens.authenticate(token)).not.toBeNull();
    await tokens.close();
    await other.revoke('1');
    tokens.refresh();
    expect(await tokens.authenticate(first)).toBeNull();
    expect(await tokens.authenticate(second)).not.toBeNull();
    await other.revoke('2');
    await desk.clock.advance(30_001);
    expect(await tokens.authenticate(second)).toBeNull();
  });

  test('a request costs no read while its token is remembered', async () => {
    let reads = 0;
    const records: Records = {
      ...desk.records,
      get(collection, key) {
        reads += 1;
        return desk.records.get(collection, key);
      },
    };
    const token = await made();
    const counted = createTokens({ ...desk, records });
    for (let i = 0; i < 50; i++) expect(await counted.authenticate(token)).not.toBeNull();
    await counted.close();
    expect(reads).toBe(1);
  });

  test('last use is kept to the minute: one note however many requests', async () => {
    const token = await made();
    const { revision } = await stored('1');
    const began = desk.clock.now();
    for (let second = 0; second < 60; second++) {
      await tokens.authenticate(token);
      await desk.clock.advance(1000);
    }
    await tokens.close();
    expect(await stored('1')).toMatchObject({ revision: revision + 1, value: { lastUsedAt: began } });
    await tokens.authenticate(token);
    await tokens.close();
    expect(await stored('1')).toMatchObject({ revision: revision + 2, value: { lastUsedAt: began + minute } });
    expect(desk.errors).toEqual([]);
  });

  test('a note of last use never undoes a revocation, in whichever order they come', async () => {
    for (let round = 0; round < 10; round++) {
      const token = await made();
      const id = parseToken(token)!.id;
      await Promise.all(
        round % 2 === 0 ? [tokens.authenticate(token), tokens.revoke(id)] : [tokens.revoke(id), tokens.authenticate(token)],
      );
      await tokens.close();
      expect((await stored(id)).value.revokedAt).not.toBeNull();
      expect(await tokens.authenticate(token)).toBeNull();
    }
  });

  test('a failing note is reported and the request is not harmed', async () => {
    const token = await made();
    const records: Records = { ...desk.records, put: () => Promise.reject(new Error('disk full')) };
    const failing = createTokens({ ...desk, records });
    expect(await failing.authenticate(token)).not.toBeNull();
    await failing.close();
    expect(desk.errors.map(String)).toEqual(['Error: disk full']);
  });

  test('made at the same time they have different ids', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => made({ name: `n${i}` })));
    expect(new Set(all.map((token) => parseToken(token)!.id)).size).toBe(8);
    const names = await Promise.all(all.map(async (token) => (await tokens.authenticate(token))?.name));
    expect(names).toEqual(all.map((_, i) => `n${i}`));
  });

  test('ids are listed by number; the eleventh comes after the tenth, and gets the next number', async () => {
    for (let i = 0; i < 11; i++) await made();
    expect((await tokens.list()).map((info) => info.id)).toEqual(Array.from({ length: 11 }, (_, i) => String(i + 1)));
  });

  test('a role that this version does not know gives nothing', async () => {
    const token = await made();
    const { value, revision } = await stored('1');
    for (const role of ['emperor', 'constructor', '__proto__']) {
      await desk.records.put('token', '1', { ...value, role }, revision + ['emperor', 'constructor', '__proto__'].indexOf(role));
      const fresh = createTokens({ ...desk, records: { ...desk.records, put: async () => ({ ok: false }) } });
      expect(await fresh.authenticate(token)).toBeNull();
    }
  });
});

describe('token files', () => {
  test('the first start writes an administrator to a private file, later ones leave it alone', async () => {
    const path = join(dir, 'admin.token');
    expect(await createAdminTokenFile(tokens, path, desk.clock)).toEqual({ value: { created: true } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    expect((await tokens.authenticate(text.trim()))?.rights).toEqual(roles.admin.rights);
    expect(await createAdminTokenFile(tokens, path, desk.clock)).toEqual({ value: { created: false } });
    expect(await readFile(path, 'utf8')).toBe(text);
    await rm(path);
    expect(await createAdminTokenFile(tokens, path, desk.clock)).toEqual({ value: { created: false } });
  });

  test('without any live administrator a new one is made, also over the file of an older database', async () => {
    const path = join(dir, 'admin.token');
    await writeFile(path, 'swy_1_of-another-database\n', { mode: 0o600 });
    await createAdminTokenFile(tokens, path, desk.clock);
    await tokens.revoke('1');
    await made({ role: 'operator' });
    expect(await createAdminTokenFile(tokens, path, desk.clock)).toEqual({ value: { created: true } });
    expect((await readTokenFile(tokens, path)).value?.principal.id).toBe('token:3');
  });

  test('a draft that a killed process left open to others is not written into', async () => {
    const path = join(dir, 'worker.token');
    await writeFile(`${path}.tmp`, 'half', { mode: 0o644 });
    await createTokenFile(tokens, path, { name: 'local', role: 'worker' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['worker.token']);
  });

  test('a file that others may read is refused with what to do', async () => {
    const path = join(dir, 'admin.token');
    await writeFile(path, 'x', { mode: 0o644 });
    const answer = await createAdminTokenFile(tokens, path, desk.clock);
    expect(answer.refusal?.detail).toContain(`chmod 600 '${path}'`);
    expect(await tokens.list()).toEqual([]);
  });

  test('the file is there before its token is valid: no valid token that nobody has', async () => {
    const path = join(dir, 'missing-folder', 'worker.token');
    await expect(createTokenFile(tokens, path, { name: 'local', role: 'worker' })).rejects.toThrow('ENOENT');
    expect(await tokens.list()).toEqual([]);
  });

  test('reading a file tells who it is, or nothing', async () => {
    const path = join(dir, 'worker.token');
    expect(await readTokenFile(tokens, path)).toEqual({ value: null });
    await writeFile(path, '', { mode: 0o600 });
    expect(await readTokenFile(tokens, path)).toEqual({ value: null });
    await createTokenFile(tokens, path, { name: 'local', role: 'worker' });
    expect((await readTokenFile(tokens, path)).value?.principal.name).toBe('local');
    await tokens.revoke('1');
    expect(await readTokenFile(tokens, path)).toEqual({ value: null });
  });
});

describe('for the doors', () => {
  test('the administrator of tokens: times in ISO, revoked ones gone, and only for administrators', async () => {
    const notes: AuditNote[] = [];
    const admin: TokenAdmin = createTokenAdmin(tokens, (note) => notes.push(note));
    const expiresAt = new Date(desk.clock.now() + minute).toISOString();
    const answer = await admin.create(system, { name: 'ci', role: 'submitter', expiresAt });
    expect(answer.value).toEqual({
      id: '1',
      name: 'ci',
      role: 'submitter',
      createdAt: new Date(desk.clock.now()).toISOString(),
      expiresAt,
      lastUsedAt: null,
      token: expect.stringMatching(/^swy_1_/),
    });
    const viewer = (await tokens.authenticate(await made({ role: 'viewer' })))!;
    expect((await admin.create(viewer, { name: 'x', role: 'admin' })).refusal?.code).toBe('forbidden');
    expect(await admin.revoke(viewer, '1')).toBe(false);
    expect((await admin.list()).map((one) => one.id)).toEqual(['1', '2']);
    expect(await admin.revoke(system, '1')).toBe(true);
    expect((await admin.list()).map((one) => one.id)).toEqual(['2']);
    expect((await stored('1')).value.createdBy).toBe('system');
    expect(notes.map(({ by, command, subject }) => `${by.id} ${command} ${subject}`)).toEqual([
      'system createToken token 1 (ci), role submitter',
      'system revokeToken token 1',
    ]);
  });

  test('the authenticator: throttled after ten failures, and only that address', async () => {
    const { auth }: { auth: Authenticator } = await openDoorAccess(desk, { tokens });
    const token = await made();
    for (let i = 0; i < 10; i++) {
      expect(auth.throttled('10.0.0.1')).toBe(false);
      expect(await auth.token('wrong', '10.0.0.1')).toBeNull();
      auth.failed('10.0.0.1');
    }
    expect(auth.throttled('10.0.0.1')).toBe(true);
    expect(auth.throttled('10.0.0.2')).toBe(false);
    expect((await auth.token(token, '10.0.0.2'))?.id).toBe('token:1');
  });
});

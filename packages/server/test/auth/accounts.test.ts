import { describe, expect, test } from 'vitest';
import type { AccountRecord } from '../../src/auth/account-record.ts';
import type { Ended } from '../../src/auth/endings.ts';
import { parseHash } from '../../src/auth/password-hash.ts';
import { mostSessions, parseSession } from '../../src/auth/session-list.ts';
import { roles, system } from '../../src/domain/principal.ts';
import { accountDesk, bearer, cheap, here, ok, openDoorAccess, there } from './lib.ts';

const stored = async (desk: Awaited<ReturnType<typeof accountDesk>>, key = 'ada') =>
  (await desk.records.get<AccountRecord>('account', key))?.value ?? null;

describe('registration', () => {
  test('makes an account that may print and reaches its own, and lets it in', async () => {
    await using desk = await accountDesk();
    const { account, token, csrf } = await desk.registered({ email: 'ada@lab.example' });
    expect(account).toMatchObject({ username: 'ada', email: 'ada@lab.example', role: 'print', disabled: false });
    expect(account.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(csrf).toMatch(/^[\w-]{43}$/);
    expect((await desk.accounts.verify(token))?.principal).toEqual({
      id: `user:${account.id}`,
      name: 'ada',
      rights: roles.print.rights,
      scope: 'own',
      kinds: ['print'],
    });
    expect(desk.trail()).toEqual(['ada | register | user ada | done']);
  });

  test('a name is taken whatever its case, also when two come at once', async () => {
    await using desk = await accountDesk();
    const both = await Promise.all([desk.register(), desk.register({ username: 'ADA' })]);
    expect(both.map(({ refusal }) => refusal?.code ?? 'done').sort()).toEqual(['conflict', 'done']);
    expect((await desk.register({ username: 'aDa' })).refusal).toMatchObject({ code: 'conflict', at: '/username' });
    expect(await desk.records.list('account')).toHaveLength(1);
    // A full-width spelling of the same name is the same name.
    expect((await desk.register({ username: '\uff21\uff24\uff21' })).refusal?.code).toBe('conflict');
  });

  test.each([
    [{ username: 'ab' }, '/username'],
    [{ username: 'a'.repeat(101) }, '/username'],
    [{ username: 'a\u202eda' }, '/username'],
    [{ username: 'ada\n' }, '/username'],
    [{ username: ' ada' }, '/username'],
    [{ password: '12345' }, '/password'],
    [{ password: 'x'.repeat(1_025) }, '/password'],
    [{ email: 'nobody' }, '/email'],
    [{ email: `${'x'.repeat(255)}@` }, '/email'],
  ])('%j is refused at %s, and nothing is made', async (request, at) => {
    await using desk = await accountDesk();
    expect((await desk.register(request)).refusal).toMatchObject({ code: 'invalid', at });
    expect(await desk.records.list('account')).toEqual([]);
  });

  test('both sides of the edge: three bytes of name, six and 1,024 of password', async () => {
    await using desk = await accountDesk();
    expect((await desk.register({ username: 'ä1', password: '123456' })).refusal).toBeUndefined();
    expect((await desk.register({ username: 'abc', password: 'x'.repeat(1_024) })).refusal).toBeUndefined();
  });

  test('from elsewhere only where it was opened, or by invitation', async () => {
    await using desk = await accountDesk();
    expect((await desk.register({}, there)).refusal?.code).toBe('forbidden');
    expect(desk.trail()).toEqual(['192.0.2.1 | register |  | forbidden']);
    await using open = await accountDesk({ openRegistration: true });
    expect((await open.register({}, there)).refusal).toBeUndefined();
  });

  test('an invitation gives its role, to one', async () => {
    await using desk = await accountDesk();
    const { code } = ok(await desk.access.invitations.create(system, { role: 'operator', note: 'for ada', ms: 60_000 }));
    const answers = await Promise.all(
      ['ada', 'bob', 'eve'].map((username) => desk.register({ username, invitation: code }, there)),
    );
    const [made, ...more] = answers.filter(({ value }) => value !== undefined);
    expect(more).toEqual([]);
    expect(made?.value?.account).toMatchObject({ role: 'operator', createdBy: 'system' });
    expect((await desk.register({ username: 'zoe', invitation: code }, here)).refusal?.at).toBe('/invitation');
    expect(await desk.access.invitations.list()).toEqual([]);
  });

  test('an invitation that made no account, since the name was taken in the same moment, stays', async () => {
    await using desk = await accountDesk();
    const { invitations } = desk.access;
    const make = async () => ok(await invitations.create(system, { role: 'viewer', note: '', ms: 60_000 })).code;
    const codes = [await make(), await make()];
    const both = await Promise.all(codes.map((invitation) => desk.register({ invitation }, there)));
    expect(both.map(({ refusal }) => refusal?.code ?? 'done').sort()).toEqual(['conflict', 'done']);
    expect(await invitations.list()).toHaveLength(1);
  });

  test('an invitation ends by time and by revocation; its code stands nowhere', async () => {
    await using desk = await accountDesk();
    const { invitations } = desk.access;
    const first = ok(await invitations.create(system, { role: 'viewer', note: '', ms: 1_000 }));
    const second = ok(await invitations.create(system, { role: 'viewer', note: '', ms: 60_000 }));
    expect(JSON.stringify(await desk.records.list('invitation'))).not.toContain(second.code.slice(-32));
    await desk.clock.advance(1_000);
    expect((await desk.register({ invitation: first.code }, there)).refusal?.code).toBe('forbidden');
    expect(await invitations.revoke(system, second.invitation.id)).toBe(true);
    expect((await desk.register({ invitation: second.code }, there)).refusal?.code).toBe('forbidden');
    expect((await desk.register({ invitation: 'swi_x' }, there)).refusal?.code).toBe('forbidden');
  });

  test('one address makes twenty, then one a minute; others are not touched', async () => {
    await using desk = await accountDesk({ openRegistration: true });
    for (let i = 0; i < 20; i++) ok(await desk.register({ username: `user${i}` }, there));
    expect((await desk.register({ username: 'more' }, there)).refusal).toMatchObject({ code: 'too_many', afterMs: 60_000 });
    ok(await desk.register({ username: 'other' }, here));
    await desk.clock.advance(60_000);
    ok(await desk.register({ username: 'more' }, there));
  });
});

describe('signing in', () => {
  test('the password is kept as Argon2id with its parameters, and stands nowhere in clear', async () => {
    await using desk = await accountDesk();
    await desk.registered();
    const record = await stored(desk);
    expect(record?.password).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(JSON.stringify(record)).not.toContain('lovelace');
  });

  test('right: in, whatever the case of the name; wrong, unknown, disabled, without password: one and the same answer', async () => {
    await using desk = await accountDesk();
    await desk.registered();
    ok(await desk.access.admin.create(system, { username: 'bob', password: null, email: null, role: 'viewer' }));
    ok(await desk.access.admin.create(system, { username: 'eve', password: 'lovelace', email: null, role: 'viewer' }));
    ok(await desk.access.admin.update(system, 'eve', { disabled: true }));
    expect(ok(await desk.login('lovelace', there, 'ADA')).account.lastLoginAt).toBe(desk.clock.now());
    const wrong = await Promise.all([
      desk.login('Lovelace'),
      desk.login('lovelace', there, 'nobody'),
      desk.login('', there, 'bob'),
      desk.login('lovelace', there, 'eve'),
    ]);
    expect(new Set(wrong.map(({ refusal }) => JSON.stringify(refusal)))).toEqual(
      new Set([JSON.stringify({ code: 'unauthenticated', detail: 'The username or the password is wrong' })]),
    );
    // What was typed as name is written down only if it is one.
    const refused = desk.trail().filter((line) => line.includes('unauthenticated'));
    expect(refused.sort()).toEqual([
      '192.0.2.1 | login |  | unauthenticated',
      '192.0.2.1 | login | user ada | unauthenticated',
      '192.0.2.1 | login | user bob | unauthenticated',
      '192.0.2.1 | login | user eve | unauthenticated',
    ]);
  });

  test('a hash with old parameters is made anew while the password is at hand, and the session stands', async () => {
    await using desk = await accountDesk();
    await desk.registered();
    const before = await stored(desk);
    const dearer = await openDoorAccess(desk, { cost: { memory: 128, passes: 2, lanes: 1 } });
    const { token } = ok(await dearer.accounts.login({ username: 'ada', password: 'lovelace' }, there, bearer));
    const after = await stored(desk);
    expect(parseHash(before!.password!)?.cost).toEqual(cheap);
    expect(parseHash(after!.password!)?.cost).toEqual({ memory: 128, passes: 2, lanes: 1 });
    expect(await dearer.accounts.verify(token)).not.toBeNull();
    ok(await dearer.accounts.login({ username: 'ada', password: 'lovelace' }, there, bearer));
    expect((await stored(desk))?.password).toBe(after?.password);
  });

  test('a password is the same however its letters are composed', async () => {
    await using desk = await accountDesk();
    await desk.registered({ password: 'p\u00e4ssword' });
    ok(await desk.login('pa\u0308ssword'));
  });
});

describe('sessions', () => {
  test('one is proven by its whole text only, and survives a restart', async () => {
    await using desk = await accountDesk();
    const { token } = await desk.registered();
    const other = ok(await desk.login()).token;
    const [a, b] = [parseSession(token)!, parseSession(other)!];
    expect(await (await desk.again()).accounts.verify(token)).not.toBeNull();
    const crossed = token.replace(a.secret, b.secret);
    for (const text of [crossed, token.slice(0, -1), `${token}A`, '', token.toUpperCase(), `Bearer ${token}`]) {
      expect(await desk.accounts.verify(text), text).toBeNull();
    }
    expect(JSON.stringify(await stored(desk))).not.toContain(a.secret);
  });

  test('it ends at its time', async () => {
    await using desk = await accountDesk();
    const { token } = await desk.registered();
    await desk.clock.advance(bearer.ms - 1);
    expect(await desk.accounts.verify(token)).not.toBeNull();
    await desk.clock.advance(1);
    expect(await desk.accounts.verify(token)).toBeNull();
  });

  test('listed for the account; one ends, the others stand, and listeners hear which', async () => {
    await using desk = await accountDesk();
    const ended: Ended[] = [];
    desk.access.onEnded((one) => ended.push(one));
    const { account, token, session } = await desk.registered();
    const other = ok(await desk.login());
    expect(await desk.accounts.sessions(account.id)).toMatchObject([{ from: '127.0.0.1 test' }, { from: '192.0.2.1 browser' }]);
    expect(await desk.accounts.endSession(account.id, session.id)).toBe(true);
    expect(await desk.accounts.endSession(account.id, session.id)).toBe(false);
    expect(await desk.accounts.verify(token)).toBeNull();
    expect(await desk.accounts.verify(other.token)).not.toBeNull();
    expect(ended).toEqual([{ principal: `user:${account.id}`, session: session.id }]);
  });

  test('a new password ends all but the session that asked; the old one is needed', async () => {
    await using desk = await accountDesk();
    const { account, token, session } = await desk.registered();
    const other = ok(await desk.login());
    const change = (old: string, password = 'analytical') =>
      desk.accounts.changePassword(account.id, { old, password, keep: session.id }, there);
    expect((await change('wrong')).refusal?.code).toBe('unauthenticated');
    expect((await change('lovelace', 'short')).refusal?.code).toBe('invalid');
    expect(await desk.accounts.verify(other.token)).not.toBeNull();
    ok(await change('lovelace'));
    expect(await desk.accounts.verify(other.token)).toBeNull();
    expect(await desk.accounts.verify(token)).not.toBeNull();
    expect((await desk.login('lovelace')).refusal?.code).toBe('unauthenticated');
    ok(await desk.login('analytical'));
  });

  test.each([
    ['disabled', (desk: Desk) => desk.access.admin.update(system, 'ADA', { disabled: true })],
    ['given another role', (desk: Desk) => desk.access.admin.update(system, 'ada', { role: 'viewer' })],
    ['given a password by an administrator', (desk: Desk) => desk.access.admin.setPassword(system, 'ada', 'analytical')],
    ['removed', (desk: Desk) => desk.access.admin.remove(system, 'ada')],
  ])('all sessions end when the account is %s, at once, and listeners hear of it', async (_, act) => {
    await using desk = await accountDesk();
    const { account, token } = await desk.registered();
    const jwt = ok(await desk.accounts.login({ username: 'ada', password: 'lovelace' }, here, { kind: 'jwt', ms: 1_000 })).token;
    expect(await desk.accounts.verify(token)).not.toBeNull();
    expect(await desk.accounts.verify(jwt)).not.toBeNull();
    const ended: Ended[] = [];
    desk.access.onEnded((one) => ended.push(one));
    ok<unknown>(await act(desk));
    expect(await desk.accounts.verify(token)).toBeNull();
    expect(await desk.accounts.verify(jwt)).toBeNull();
    expect(ended).toEqual([{ principal: `user:${account.id}`, session: null }]);
  });

  test('a later account of the same name inherits nothing', async () => {
    await using desk = await accountDesk();
    const first = await desk.registered();
    ok(await desk.accounts.deleteAccount(first.account.id));
    const second = await desk.registered();
    expect(second.account.id).not.toBe(first.account.id);
    expect(await desk.accounts.verify(first.token)).toBeNull();
    expect(await desk.accounts.get(first.account.id)).toBeNull();
    expect((await desk.accounts.deleteAccount(first.account.id)).refusal?.code).toBe('not_found');
    expect(await desk.accounts.verify(second.token)).not.toBeNull();
  });

  test.each(['password', 'state'])('a sign-in that was proven before its %s changed opens nothing', async (what) => {
    const gate = Promise.withResolvers<void>();
    let held: (() => void) | null = null;
    const reached = new Promise<void>((resolve) => {
      held = resolve;
    });
    let holding = false;
    await using desk = await accountDesk({
      around: (records) => ({
        ...records,
        async get<T>(collection: string, key: string) {
          // The read by which the session is about to be opened: the password has been checked, from what is remembered.
          if (holding) {
            holding = false;
            held?.();
            await gate.promise;
          }
          return records.get<T>(collection, key);
        },
        list: (collection) => records.list(collection),
        put: (collection, key, value, revision) => records.put(collection, key, value, revision),
        delete: (collection, key) => records.delete(collection, key),
      }),
    });
    const { account } = await desk.registered();
    await desk.accounts.get(account.id);
    holding = true;
    const late = desk.login('lovelace');
    await reached;
    if (what === 'password') {
      ok(await desk.accounts.changePassword(account.id, { old: 'lovelace', password: 'analytical', keep: null }, here));
    } else ok(await desk.access.admin.update(system, 'ada', { disabled: true }));
    gate.resolve();
    expect((await late).refusal?.code).toBe('unauthenticated');
    expect(await desk.accounts.sessions(account.id)).toEqual([]);
  });

  test('bounded: the one that was not used for longest goes', async () => {
    await using desk = await accountDesk();
    const { account, token } = await desk.registered({}, { kind: 'bearer', ms: 1e9 });
    await desk.clock.advance(1);
    const second = ok(await desk.login());
    await desk.clock.advance(400_000);
    await desk.accounts.verify(token);
    await desk.access.close();
    for (let i = 0; i < mostSessions - 1; i++) ok(await desk.login());
    expect(await desk.accounts.sessions(account.id)).toHaveLength(mostSessions);
    expect(await desk.accounts.verify(token)).not.toBeNull();
    expect(await desk.accounts.verify(second.token)).toBeNull();
    expect(JSON.stringify(await stored(desk)).length).toBeLessThan(65_536);
  });
});

type Desk = Awaited<ReturnType<typeof accountDesk>>;

describe('JSON Web Tokens', () => {
  const jwt = { kind: 'jwt', ms: 31_536_000_000 } as const;

  test('carry issuer, subject, expiry and id, and stand for a session that can end', async () => {
    await using desk = await accountDesk();
    const { account, token, session, csrf } = await desk.registered({}, jwt);
    expect(csrf).toBeNull();
    const [head, body] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(head!)).toEqual({ typ: 'JWT', alg: 'HS256' });
    const now = Math.floor(desk.clock.now() / 1_000);
    expect(JSON.parse(body!)).toEqual({
      ...{ iss: 'Printerlynx', sub: account.id, jti: session.id },
      ...{ iat: now, exp: now + 31_536_000 },
    });
    expect((await desk.accounts.verify(token))?.account.username).toBe('ada');
    expect(await desk.accounts.endSession(account.id, session.id, 'logout')).toBe(true);
    expect(await desk.accounts.verify(token)).toBeNull();
  });

  test('of another key, issuer or algorithm, without claims, or changed: nobody', async () => {
    await using desk = await accountDesk();
    const { account, token, session } = await desk.registered({}, jwt);
    const { SignJWT } = await import('jose');
    const { jwtKey } = await import('./lib.ts');
    const sign = (claims: Record<string, unknown>, key: Uint8Array = jwtKey, alg = 'HS256') =>
      new SignJWT(claims).setProtectedHeader({ alg }).sign(key);
    const exp = Math.floor(desk.clock.now() / 1_000) + 60;
    const good = { iss: 'Printerlynx', sub: account.id, jti: session.id, exp };
    expect(await desk.accounts.verify(await sign(good))).not.toBeNull();
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
    const bad = [
      await sign(good, Buffer.alloc(48, 8)),
      await sign(good, Buffer.alloc(64, 7), 'HS512'),
      await sign({ ...good, iss: 'other' }),
      await sign({ ...good, jti: 'other' }),
      await sign({ ...good, exp: exp - 61 }),
      await sign({ iss: good.iss, sub: good.sub, exp }),
      await sign({ iss: good.iss, jti: good.jti, exp }),
      await sign({ iss: good.iss, sub: good.sub, jti: good.jti }),
      none,
      `${none}x`,
      `${token}x`,
      token.replace(/^./, 'f'),
      'a.b.c',
      `${'a'.repeat(5_000)}.b.c`,
    ];
    for (const [i, text] of bad.entries()) expect(await desk.accounts.verify(text), String(i)).toBeNull();
  });

  test('a token that was found genuine still ends at its time, and by its session', async () => {
    await using desk = await accountDesk();
    const want = { kind: 'jwt', ms: 10_000 } as const;
    const first = await desk.registered({}, want);
    const second = ok(await desk.accounts.login({ username: 'ada', password: 'lovelace' }, here, want));
    for (const { token } of [first, second]) expect(await desk.accounts.verify(token)).not.toBeNull();
    await desk.accounts.endSession(second.account.id, second.session.id);
    expect(await desk.accounts.verify(second.token)).toBeNull();
    await desk.clock.advance(9_999);
    expect(await desk.accounts.verify(first.token)).not.toBeNull();
    await desk.clock.advance(1);
    expect(await desk.accounts.verify(first.token)).toBeNull();
  });

  test('one kind of proof does not open a session of the other', async () => {
    await using desk = await accountDesk();
    const { account, session } = await desk.registered();
    const { SignJWT } = await import('jose');
    const { jwtKey } = await import('./lib.ts');
    const forged = await new SignJWT({ iss: 'Printerlynx', sub: account.id, jti: session.id })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(jwtKey);
    expect(await desk.accounts.verify(forged)).toBeNull();
  });
});

describe('for every door', () => {
  test('the authenticator takes tokens, sessions of tokens, sessions of accounts and JWTs', async () => {
    await using desk = await accountDesk();
    const { auth, tokens } = desk.access;
    const made = ok(await tokens.create(system, { name: 'ci', role: 'viewer' }));
    const page = await tokens.openSession('1', { kind: 'browser', ms: 60_000, from: '' });
    const account = await desk.registered();
    const jwt = ok(await desk.accounts.login({ username: 'ada', password: 'lovelace' }, here, { kind: 'jwt', ms: 1_000 }));
    const who = async (text: string) => (await auth.token(text, '127.0.0.1'))?.name ?? null;
    expect(await Promise.all([made.token, page!.token, account.token, jwt.token, 'x', 'a.b.c', ''].map(who))).toEqual([
      'ci',
      'ci',
      'ada',
      'ada',
      null,
      null,
      null,
    ]);
    await tokens.revoke('1');
    expect(await who(page!.token)).toBeNull();
  });

  test('a session of a token ends by itself, by its end and by its time', async () => {
    await using desk = await accountDesk();
    const { tokens, auth } = desk.access;
    ok(await tokens.create(system, { name: 'ci', role: 'viewer' }));
    const open = () => tokens.openSession('1', { kind: 'browser', ms: 60_000, from: '' });
    const [a, b] = [await open(), await open()];
    expect((await tokens.sessions('1')).length).toBe(2);
    expect(await tokens.endSession('1', a!.entry.id)).toBe(true);
    expect(await auth.token(a!.token, '')).toBeNull();
    expect(await auth.token(b!.token, '')).not.toBeNull();
    await desk.clock.advance(60_000);
    expect(await auth.token(b!.token, '')).toBeNull();
    expect(JSON.stringify(await tokens.list())).not.toContain('sessions');
  });

  test('administrators only: no other role makes, changes, lists or removes accounts', async () => {
    await using desk = await accountDesk();
    await desk.registered();
    for (const [role, { rights, scope }] of Object.entries(roles)) {
      const by = { id: 'token:9', name: role, rights, scope, kinds: null };
      const { admin, invitations } = desk.access;
      const answers = [
        await admin.list(by),
        await admin.get(by, 'ada'),
        await admin.update(by, 'ada', {}),
        await admin.setPassword(by, 'ada', 'lovelace'),
        await admin.create(by, { username: `new ${role}`, password: null, email: null, role: 'viewer' }),
        await invitations.create(by, { role: 'viewer', note: '', ms: 1 }),
        await admin.remove(by, `new ${role}`),
      ];
      const expected = role === 'admin' ? 'done' : 'forbidden';
      expect(answers.map(({ refusal }) => refusal?.code ?? 'done')).toEqual(answers.map(() => expected));
    }
  });
});

import { once } from 'node:events';
import type { AuditPage } from '@switchyard/sdk/token.ts';
import { workerProtocol } from '@switchyard/sdk/worker-wire.ts';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { system } from '../../src/domain/principal.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';

interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

function asking({ listener }: ApiYard) {
  return async (method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Said> => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(listener.url + path, { method, headers: { ...type, ...headers }, ...body });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
}

const bearer = (token: unknown): Record<string, string> => ({ authorization: `Bearer ${String(token)}` });
const ada = { username: 'ada', password: 'lovelace' };

async function withAda(role = 'operator') {
  const place = await openApiYard();
  const ask = asking(place);
  expect((await ask('POST', '/v1/users', { ...ada, role }, bearer('admin'))).status).toBe(201);
  const login = async (password = ada.password) => ask('POST', '/v1/session', { ...ada, password });
  return { place, ask, login, [Symbol.asyncDispose]: () => place.close() };
}

describe('signing in', () => {
  test('a password gives a token with the rights of the role; signing out ends it', async () => {
    await using yard = await withAda();
    const { status, body, headers } = await yard.login();
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('set-cookie')).toBeNull();
    expect(body).toMatchObject({ name: 'ada', csrf: null, token: expect.stringMatching(/^sws_u/) });
    expect((await yard.ask('GET', '/v1/jobs', undefined, bearer(body['token']))).status).toBe(200);
    expect((await yard.ask('GET', '/v1/users', undefined, bearer(body['token']))).status).toBe(403);
    expect((await yard.ask('DELETE', '/v1/session', undefined, bearer(body['token']))).status).toBe(204);
    expect((await yard.ask('GET', '/v1/jobs', undefined, bearer(body['token']))).status).toBe(401);
  });

  test('a wrong one: 401 in the same words for everybody, then 429 with the time to wait', async () => {
    await using yard = await withAda();
    const first = await yard.login('wrong');
    const nobody = await yard.ask('POST', '/v1/session', { username: 'nobody', password: 'wrong' });
    expect([first.status, nobody.status]).toEqual([401, 401]);
    expect(first.body).toEqual(nobody.body);
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await yard.login('wrong')).status);
    expect(statuses.slice(-3)).toEqual([429, 429, 429]);
    const late = await yard.login();
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await yard.place.yard.clock.advance(60_000);
    expect((await yard.login()).status).toBe(201);
  });

  test.each([
    [{}, 400],
    [{ username: 'ada' }, 400],
    [{ username: 'ada', password: 'lovelace', role: 'admin' }, 400],
    [{ username: 'ada', password: 7 }, 400],
    [{ username: 'ada', password: 'x'.repeat(1_025) }, 400],
    [{ code: '' }, 400],
    [{ code: 'nobody made this' }, 401],
  ])('%j is answered with %i', async (body, status) => {
    await using yard = await withAda();
    expect((await yard.ask('POST', '/v1/session', body)).status).toBe(status);
  });
});

describe('pages', () => {
  test('a cookie that no script and no other site has; acting needs the word that only our page was told', async () => {
    await using yard = await withAda();
    const { body, headers } = await yard.ask('POST', '/v1/session', { ...ada, cookie: true });
    expect(body['token']).toBeNull();
    const set = headers.get('set-cookie')!;
    expect(set).toMatch(/^switchyard=sws_u\w+[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/);
    const cookie = { cookie: `other=1; ${set.split(';')[0]}; more=2` };
    expect((await yard.ask('GET', '/v1/whoami', undefined, cookie)).body['name']).toBe('ada');
    const act = (more: Record<string, string>) => yard.ask('PUT', '/v1/pools/nix', { total: 1 }, { ...cookie, ...more });
    const csrf = String(body['csrf']);
    for (const more of [{}, { 'x-switchyard-csrf': '' }, { 'x-switchyard-csrf': `${csrf}x` }] as Record<string, string>[]) {
      expect((await act(more)).body['code']).toBe('foreign_origin');
    }
    expect((await act({ 'x-switchyard-csrf': csrf })).status).toBe(200);
    // A page that was loaded again asks for it.
    expect((await yard.ask('GET', '/v1/session', undefined, cookie)).body['csrf']).toBe(csrf);
    // The word of another session does not do.
    const other = await yard.ask('POST', '/v1/session', { ...ada, cookie: true });
    expect((await act({ 'x-switchyard-csrf': String(other.body['csrf']) })).status).toBe(403);
    const out = await yard.ask('DELETE', '/v1/session', undefined, { ...cookie, 'x-switchyard-csrf': csrf });
    expect(out.headers.get('set-cookie')).toMatch(/^switchyard=; .*Max-Age=0/);
    expect((await yard.ask('GET', '/v1/whoami', undefined, cookie)).status).toBe(401);
  });

  test('a header goes before the cookie, also a wrong one', async () => {
    await using yard = await withAda();
    const { headers } = await yard.ask('POST', '/v1/session', { ...ada, cookie: true });
    const cookie = { cookie: headers.get('set-cookie')!.split(';')[0]! };
    expect((await yard.ask('GET', '/v1/whoami', undefined, { ...cookie, ...bearer('viewer') })).body['name']).toBe('viewer');
    expect((await yard.ask('GET', '/v1/whoami', undefined, { ...cookie, ...bearer('wrong') })).status).toBe(401);
  });
});

describe('one-time links', () => {
  test('let in as whoever made them: once, for ten minutes, not after its account was disabled', async () => {
    await using yard = await withAda();
    const { body } = await yard.login();
    const link = async (token: unknown) => (await yard.ask('POST', '/v1/links', {}, bearer(token))).body;
    const enter = (code: unknown) => yard.ask('POST', '/v1/session', { code, cookie: true });
    const first = await link(body['token']);
    expect(first['path']).toBe(`/#code=${first['code']}`);
    const both = await Promise.all([enter(first['code']), enter(first['code'])]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect(both.find(({ status }) => status === 201)?.body['name']).toBe('ada');
    const second = await link(body['token']);
    await yard.place.yard.clock.advance(600_000);
    expect((await enter(second['code'])).status).toBe(401);
    const third = await link(body['token']);
    await yard.ask('PATCH', '/v1/users/ada', { disabled: true }, bearer('admin'));
    expect((await enter(third['code'])).status).toBe(401);
  });

  test('end with what they were made with: a session, a password, a role, all other sessions', async () => {
    await using yard = await withAda();
    const link = async (token: unknown) => (await yard.ask('POST', '/v1/links', {}, bearer(token))).body['code'];
    const enter = async (code: unknown) => (await yard.ask('POST', '/v1/session', { code })).status;
    const [mine, other] = [(await yard.login()).body['token'], (await yard.login()).body['token']];
    const [kept, dropped] = [await link(mine), await link(other)];
    await yard.ask('DELETE', '/v1/session', undefined, bearer(other));
    expect([await enter(kept), await enter(dropped)]).toEqual([201, 401]);
    // What a thief has made is no way back in.
    const ends = [
      () => yard.ask('DELETE', '/v1/sessions', undefined, bearer(mine)),
      () => yard.ask('PUT', '/v1/me/password', { old: ada.password, password: 'another-secret' }, bearer(mine)),
      () => yard.ask('PATCH', '/v1/users/ada', { role: 'viewer' }, bearer('admin')),
    ];
    for (const end of ends) {
      const code = await link(mine);
      expect((await end()).status).toBeLessThan(300);
      expect(await enter(code)).toBe(401);
    }
  });

  test('are few of one account: it pushes out its own, and nobody else’s', async () => {
    await using yard = await withAda();
    const code = async (token: unknown) => (await yard.ask('POST', '/v1/links', {}, bearer(token))).body['code'];
    const { tokens } = yard.place.access;
    const { token } = (await tokens.create(system, { name: 'ci', role: 'viewer' })).value!;
    const { body } = await yard.login();
    const [ci, first] = [await code(token), await code(body['token'])];
    for (let i = 0; i < 20; i++) await code(body['token']);
    expect((await yard.ask('POST', '/v1/session', { code: first })).status).toBe(401);
    expect((await yard.ask('POST', '/v1/session', { code: ci })).status).toBe(201);
  });

  test('a token lets a page in too; the page is out when the token is', async () => {
    await using yard = await withAda();
    const { tokens } = yard.place.access;
    const made = (await tokens.create(system, { name: 'ci', role: 'viewer' })).value!;
    const link = await yard.ask('POST', '/v1/links', {}, bearer(made.token));
    const entered = await yard.ask('POST', '/v1/session', { code: link.body['code'] });
    const page = bearer(entered.body['token']);
    expect((await yard.ask('GET', '/v1/whoami', undefined, page)).body).toMatchObject({ id: 'token:1', name: 'ci' });
    expect((await yard.ask('GET', '/v1/sessions', undefined, page)).body['sessions']).toMatchObject([{ present: true }]);
    await tokens.revoke('1');
    expect((await yard.ask('GET', '/v1/whoami', undefined, page)).status).toBe(401);
  });
});

describe('the own account', () => {
  test('sessions are listed and ended, one or all but this', async () => {
    await using yard = await withAda();
    const tokens: unknown[] = [];
    for (let i = 0; i < 3; i++) tokens.push((await yard.login()).body['token']);
    const list = async () =>
      (await yard.ask('GET', '/v1/sessions', undefined, bearer(tokens[0]))).body['sessions'] as {
        id: string;
        present: boolean;
      }[];
    expect((await list()).map(({ present }) => present)).toEqual([true, false, false]);
    const other = (await list())[1]!.id;
    expect((await yard.ask('DELETE', `/v1/sessions/${other}`, undefined, bearer(tokens[0]))).status).toBe(204);
    expect((await yard.ask('DELETE', `/v1/sessions/${other}`, undefined, bearer(tokens[0]))).status).toBe(404);
    expect((await yard.ask('DELETE', '/v1/sessions', undefined, bearer(tokens[0]))).status).toBe(204);
    expect(await list()).toHaveLength(1);
    expect((await yard.ask('GET', '/v1/me', undefined, bearer(tokens[2]))).status).toBe(401);
  });

  test('password, e-mail and removal; a wrong present password is no sign-out', async () => {
    await using yard = await withAda();
    const token = bearer((await yard.login()).body['token']);
    const change = (old: string, password: string) => yard.ask('PUT', '/v1/me/password', { old, password }, token);
    expect((await change('wrong', 'analytical')).status).toBe(403);
    expect((await change('lovelace', 'short')).status).toBe(400);
    expect((await change('lovelace', 'analytical')).status).toBe(204);
    expect((await yard.ask('PATCH', '/v1/me', { email: 'ada@lab' }, token)).body['email']).toBe('ada@lab');
    expect((await yard.ask('PATCH', '/v1/me', { email: 'nobody' }, token)).status).toBe(422);
    expect((await yard.ask('DELETE', '/v1/me', { password: 'lovelace' }, token)).status).toBe(403);
    expect((await yard.ask('DELETE', '/v1/me', { password: 'analytical' }, token)).status).toBe(204);
    expect((await yard.ask('GET', '/v1/me', undefined, token)).status).toBe(401);
    expect((await yard.ask('GET', '/v1/me', undefined, bearer('admin'))).status).toBe(404);
  });
});

describe('registration', () => {
  const register = (yard: ApiYard, headers: Record<string, string> = {}, more: Record<string, unknown> = {}) =>
    asking(yard)('POST', '/v1/register', { username: 'bob', password: 'builder!', ...more }, headers);

  test('is open to this machine, and gives printing and nothing else', async () => {
    await using yard = await openApiYard();
    const { status, body } = await register(yard);
    expect(status).toBe(201);
    const ask = asking(yard);
    const who = await ask('GET', '/v1/whoami', undefined, bearer(body['token']));
    expect(who.body).toMatchObject({ name: 'bob', scope: 'own', kinds: ['print'] });
    const job = { spec: { argv: ['true'], cwd: '/' } };
    const refused = await ask('POST', '/v1/jobs', job, bearer(body['token']));
    expect(refused.body).toMatchObject({ code: 'forbidden', detail: 'bob may not submit tasks of kind shell' });
    expect((await ask('GET', '/v1/workers', undefined, bearer(body['token']))).status).toBe(403);
  });

  test.each([{ 'x-forwarded-for': '192.0.2.7' }, { forwarded: 'for=192.0.2.7' }, { via: '1.1 proxy' }])(
    'a proxy of this machine speaks for others: %j',
    async (headers) => {
      await using yard = await openApiYard();
      expect((await register(yard, headers)).status).toBe(403);
    },
  );

  test('by invitation from anywhere, with its role; an invitation is listed without its code', async () => {
    await using yard = await openApiYard();
    const ask = asking(yard);
    const made = await ask('POST', '/v1/invitations', { role: 'operator', note: 'bob' }, bearer('admin'));
    expect(made.status).toBe(201);
    const listed = await ask('GET', '/v1/invitations', undefined, bearer('admin'));
    expect(JSON.stringify(listed.body)).not.toContain(String(made.body['code']).slice(-32));
    const invitation = made.body['code'];
    expect((await register(yard, { via: 'x' }, { invitation: `${String(invitation)}x` })).status).toBe(403);
    expect((await register(yard, { via: 'x' }, { invitation })).status).toBe(201);
    expect((await ask('GET', '/v1/users/BOB', undefined, bearer('admin'))).body['role']).toBe('operator');
    expect((await register(yard, {}, { invitation, username: 'eve' })).status).toBe(403);
  });
});

describe('what stands on a credential', () => {
  async function stream(yard: ApiYard, token: unknown) {
    const response = await fetch(`${yard.listener.url}/v1/changes`, { headers: bearer(token) });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: hello');
    return async (): Promise<'ended'> => {
      for (;;) if ((await reader.read()).done) return 'ended';
    };
  }

  test('ends with the account', async () => {
    await using yard = await withAda();
    const ended = await stream(yard.place, (await yard.login()).body['token']);
    await yard.ask('PATCH', '/v1/users/ada', { disabled: true }, bearer('admin'));
    expect(await ended()).toBe('ended');
  });

  test('ends with its session; that of another session goes on', async () => {
    await using yard = await withAda();
    const [mine, other] = [(await yard.login()).body['token'], (await yard.login()).body['token']];
    const [myEnd, otherEnd] = [await stream(yard.place, mine), await stream(yard.place, other)];
    await yard.ask('DELETE', '/v1/session', undefined, bearer(mine));
    expect(await myEnd()).toBe('ended');
    let over = false;
    const later = otherEnd().then(() => {
      over = true;
    });
    expect((await yard.ask('GET', '/v1/whoami', undefined, bearer(other))).status).toBe(200);
    expect(over).toBe(false);
    await yard.ask('DELETE', '/v1/session', undefined, bearer(other));
    await later;
  });

  test('a JWT’s too', async () => {
    await using yard = await withAda();
    const from = { remote: '127.0.0.1' };
    const signedIn = (await yard.place.access.accounts.login(ada, from, { kind: 'jwt', ms: 60_000 })).value!;
    const ended = await stream(yard.place, signedIn.token);
    expect((await yard.ask('DELETE', '/v1/session', undefined, bearer(signedIn.token))).status).toBe(204);
    expect(await ended()).toBe('ended');
  });

  test('a worker whose token is revoked is sent away', async () => {
    await using yard = await withAda();
    const { tokens } = yard.place.access;
    const made = (await tokens.create(system, { name: 'node', role: 'worker' })).value!;
    const socket = new WebSocket(`${yard.place.listener.url.replace('http', 'ws')}/v1/worker`, workerProtocol, {
      headers: bearer(made.token),
    });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await tokens.revoke(made.info.id);
    expect((await closed)[0]).toBe(4401);
  });
});

test('the trail tells who signed in, who was refused, who changed which account; and no secret', async () => {
  await using yard = await withAda();
  await yard.login('wrong');
  const { body } = await yard.login();
  await yard.ask('PUT', '/v1/users/ada/password', { password: 'analytical' }, bearer('admin'));
  await yard.ask('PATCH', '/v1/users/ada', { role: 'viewer' }, bearer('admin'));
  await yard.ask('DELETE', '/v1/users/ada', undefined, bearer('admin'));
  const trail = (await yard.ask('GET', '/v1/audit', undefined, bearer('admin'))).body as unknown as AuditPage;
  expect(trail.entries.map(({ name, command, subject, refusal }) => [name, command, subject, refusal]).reverse()).toEqual([
    ['admin', 'addUser', 'user ada, role operator', null],
    ['127.0.0.1', 'login', 'user ada', 'unauthenticated'],
    ['ada', 'login', 'user ada', null],
    ['admin', 'setPassword', 'user ada', null],
    ['admin', 'changeUser', 'user ada, role viewer', null],
    ['admin', 'removeUser', 'user ada', null],
  ]);
  for (const secret of ['lovelace', 'analytical', String(body['token'])]) expect(JSON.stringify(trail)).not.toContain(secret);
});

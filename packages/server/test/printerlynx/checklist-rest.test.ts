import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { admin, ok } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { type FileDocument, multipart, multipartType, ScriptedAgent, send, User } from './lib/peers.ts';
import { openFarm, openPlace, type Place, taskOf } from './lib/place.ts';

const nobody = '00000000-0000-4000-8000-000000000000';
const base = '/api/v1';
const registration = { username: 'ada', email: 'a@b', password: 'secret1', password_confirmation: 'secret1' };
const register = (place: Place, more: object = {}) =>
  send(place.port, 'POST', `${base}/auth/register`, { ...registration, ...more });
const login = (place: Place, body: unknown, headers = {}) => send(place.port, 'POST', `${base}/auth/login`, body, headers);
const wrong = (status: string, message: string) => JSON.stringify({ status, message });

describe('accounts', () => {
  test('printerlynx §8.1 §8.3 register, then accounts/me with the token, before and after a restart', async () => {
    await using place = await openPlace();
    const made = await register(place);
    expect([made.status, made.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const { token } = JSON.parse(made.text) as { token: string };
    const [head, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(head ?? '')).toEqual({ typ: 'JWT', alg: 'HS256' });
    const { exp, iss, sub } = JSON.parse(claims ?? '') as Record<string, unknown>;
    expect([exp, iss]).toEqual([Math.floor(place.clock.now() / 1_000) + 31_536_000, 'Printerlynx']);
    const me = { uuid: sub, username: 'ada', email: 'a@b' };
    expect(await new User(place.port, 'ada', token).json('GET', '/accounts/me')).toEqual(me);
    await place.restart();
    expect(await new User(place.port, 'ada', token).json('GET', '/accounts/me')).toEqual(me);
    const again = JSON.parse((await login(place, { username: 'ADA', password: 'secret1' })).text) as { token: string };
    expect(await new User(place.port, 'ada', again.token).json('GET', '/accounts/me')).toEqual(me);
  });

  test('printerlynx §8.2 what is wrong is said with 400, the first of it', async () => {
    await using place = await openPlace();
    const refusals = [
      [{ username: 'x', password_confirmation: 'other' }, 'Password and password confirmation do not match'],
      [{ username: 'ab', email: 'x' }, 'Username must be at least 3 characters long'],
      [{ email: 'x', password: 'short', password_confirmation: 'short' }, 'Email is not valid'],
      [{ password: 'short', password_confirmation: 'short' }, 'Password must be at least 6 characters long'],
    ] as const;
    for (const [more, message] of refusals) {
      const { status, text } = await register(place, more);
      expect([status, text]).toEqual([400, wrong('400 Bad Request', message)]);
    }
    // Bytes, not letters.
    expect((await register(place, { username: 'é!' })).status).toBe(200);
    expect((await register(place)).status).toBe(200);
    for (const username of ['ada', 'ADA']) {
      const { status, text } = await register(place, { username });
      expect([status, text]).toEqual([400, wrong('400 Bad Request', 'Username is already taken')]);
    }
    for (const body of [
      { username: 'ada', password: 'wrong!' },
      { username: 'nobody', password: 'secret1' },
    ]) {
      const { status, text } = await login(place, body);
      expect([status, text]).toEqual([400, wrong('400 Bad Request', 'Invalid username or password')]);
    }
  });

  test('printerlynx §8.4 no token, a wrong one, an expired one, that of somebody who is gone: 401 and the document', async () => {
    await using place = await openPlace();
    const user = await place.user();
    const refused = wrong('401 Unauthorized', 'Invalid token');
    const forged = `${user.token.slice(0, -4)}AAAA`;
    const unsigned = `${Buffer.from('{"typ":"JWT","alg":"none"}').toString('base64url')}.${user.token.split('.')[1]}.`;
    for (const authorization of ['', 'Bearer', 'Basic x', 'Bearer x', `Bearer ${forged}`, `Bearer ${unsigned}`]) {
      const { status, text } = await user.call('GET', '/accounts/me', undefined, { authorization });
      expect([authorization, status, text]).toEqual([authorization, 401, refused]);
    }
    const bare = await send(place.port, 'GET', `${base}/files`);
    expect([bare.status, bare.text]).toEqual([401, refused]);
    const eve = await place.user('eve');
    expect((await eve.call('DELETE', '/accounts/me')).text).toBe('{"Status":200}');
    expect((await eve.call('GET', '/accounts/me')).status).toBe(401);
    const ears = await user.socket();
    place.clock.jump(31_536_000_000 + 61_000);
    expect((await user.call('GET', '/accounts/me')).status).toBe(401);
    // A socket outlives its token by one heartbeat at most.
    await place.clock.advance(30_000);
    expect((await ears.wire.closed()).code).toBe(4401);
  });

  test('logout ends the token for good; e-mail and password change; other tokens end with the password', async () => {
    await using place = await openPlace();
    const user = await place.user();
    const { token } = JSON.parse((await login(place, { username: 'ada', password: 'secret1' })).text) as { token: string };
    const second = new User(place.port, 'ada', token);
    expect((await second.call('POST', '/auth/logout')).text).toBe('{"Status":200}');
    expect((await second.call('GET', '/accounts/me')).status).toBe(401);
    await place.restart();
    const now = new User(place.port, 'ada', user.token);
    expect((await new User(place.port, 'ada', token).call('GET', '/accounts/me')).status).toBe(401);
    expect((await now.call('PUT', '/accounts/me', { email: 'x' })).text).toBe(wrong('400 Bad Request', 'Email is not valid'));
    expect((await now.call('PUT', '/accounts/me', { email: 'new@b' })).text).toBe('{"Status":200}');
    expect(await now.json('GET', '/accounts/me')).toMatchObject({ email: 'new@b' });
    const third = JSON.parse((await login(place, { username: 'ada', password: 'secret1' })).text) as { token: string };
    const change = (old_password: string, password: string, password_confirmation = password) =>
      now.call('PUT', '/accounts/me/password', { old_password, password, password_confirmation });
    expect((await change('secret1', 'secret2', 'secret3')).text).toContain('do not match');
    expect((await change('secret1', 'short')).text).toContain('at least 6 characters');
    expect((await change('wrong!!', 'secret2')).text).toBe(wrong('400 Bad Request', 'The old password is wrong'));
    const ears = await new User(place.port, 'ada', third.token).socket();
    expect((await change('secret1', 'secret2')).text).toBe('{"Status":200}');
    expect((await ears.wire.closed()).code).toBe(4401);
    expect((await new User(place.port, 'ada', third.token).call('GET', '/accounts/me')).status).toBe(401);
    expect((await now.call('GET', '/accounts/me')).status).toBe(200);
    expect((await login(place, { username: 'ada', password: 'secret1' })).status).toBe(400);
    expect((await login(place, { username: 'ada', password: 'secret2' })).status).toBe(200);
  });

  test('an account that is deleted takes its sockets (4410), agents and files with it', async () => {
    await using place = await openPlace();
    const { user, garage, agent, ears, file } = await openFarm(place);
    expect((await user.call('DELETE', '/accounts/me')).text).toBe('{"Status":200}');
    expect((await ears.wire.closed()).code).toBe(4410);
    expect((await agent.wire.closed()).code).toBe(4410);
    await expect(place.agent(garage.token)).rejects.toThrow('Invalid token');
    // The name is free, and nothing is inherited.
    const next = await place.user();
    expect(await next.json('GET', '/files')).toEqual([]);
    expect((await next.call('GET', `/files/${file.uuid}`)).status).toBe(404);
    await until(() => place.door.status().figures?.['printers'] === 0);
  });

  test('deleted by an administrator: the same', async () => {
    await using place = await openPlace();
    const { garage, agent, ears } = await openFarm(place);
    ok(await place.access.admin.remove(admin, 'ada'));
    expect((await ears.wire.closed()).code).toBe(4410);
    expect((await agent.wire.closed()).code).toBe(4410);
    await expect(place.agent(garage.token)).rejects.toThrow('Invalid token');
  });
});

test('every fault over HTTP has the error document, whoever finds it', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const cases: [string, string, unknown, Record<string, string>, string][] = [
    ['POST', '/auth/login', '{"username":', {}, '400 Bad Request'],
    ['POST', '/auth/login', '{}', { 'content-type': 'application/x-www-form-urlencoded' }, '415 Unsupported Media Type'],
    ['POST', '/auth/login', { username: 5, password: 'x' }, {}, '422 Unprocessable Entity'],
    ['POST', '/auth/register', { username: 'ada' }, {}, '422 Unprocessable Entity'],
    ['POST', '/agents', { name: 'Garage' }, {}, '422 Unprocessable Entity'],
    ['POST', '/agents', { name: 'x'.repeat(70_000), description: '' }, {}, '413 Payload Too Large'],
    ['PATCH', '/agents', {}, {}, '405 Method Not Allowed'],
    ['GET', '/nowhere', undefined, {}, '404 Not Found'],
    ['GET', '/agents/x', undefined, {}, '404 Not Found'],
    ['POST', '/files/upload', 'x', { 'content-type': 'text/plain' }, '415 Unsupported Media Type'],
    ['POST', '/files/upload', 'x', { 'content-type': 'multipart/form-data' }, '400 Bad Request'],
    ['POST', '/files/upload', 'no multipart', multipartType, '400 Bad Request'],
    ['POST', '/files/upload', multipart([{ bytes: 'x' }]).subarray(0, -10), multipartType, '400 Bad Request'],
    ['POST', '/files/upload', multipart([{ bytes: 'x', filename: null }]), multipartType, '400 Bad Request'],
    ['POST', '/files/upload', multipart([]), multipartType, '500 Internal Server Error'],
  ];
  for (const [method, path, body, headers, status] of cases) {
    const answer = await user.call(method, path, body, headers);
    expect([method, path, answer.status]).toEqual([method, path, Number(status.slice(0, 3))]);
    expect(JSON.parse(answer.text), `${method} ${path}`).toEqual({ status, message: expect.stringMatching(/\S/) });
  }
  expect((await send(place.port, 'GET', '/health')).text).toBe('OK');
  expect(await user.json('GET', '/files')).toEqual([]);
});

test('printerlynx §8.5 preflights of another origin pass for every method, without credentials', async () => {
  await using place = await openPlace();
  const paths = ['GET /accounts/me', 'POST /agents', 'PUT /agents/x', 'DELETE /files/x', 'POST /files/upload'];
  for (const [method = '', path = ''] of paths.map((one) => one.split(' '))) {
    const answer = await send(place.port, 'OPTIONS', base + path, undefined, {
      ...{ origin: 'http://localhost:5173', 'access-control-request-method': method },
      'access-control-request-headers': 'authorization,content-type',
    });
    expect(answer.status).toBeLessThan(300);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-allow-methods']).toContain(method);
    expect(answer.headers['access-control-allow-headers']).toMatch(/authorization/i);
    expect(answer.headers['access-control-allow-headers']).toMatch(/content-type/i);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  }
  // Answers to errors can be read too.
  for (const path of ['/accounts/me', '/agents/x']) {
    const answer = await send(place.port, 'GET', base + path, undefined, { origin: 'http://localhost:5173' });
    expect([path, answer.headers['access-control-allow-origin']]).toEqual([path, '*']);
  }
});

describe('agents', () => {
  test('printerlynx §8.6 §8.7 §8.8 empty, a name that is too short, a good one; its token opens the socket', async () => {
    await using place = await openPlace();
    const user = await place.user();
    expect((await user.call('GET', '/agents')).text).toBe('[]');
    for (const [name, message] of [
      ['', 'Agent name cannot be empty'],
      [' \u0007 ', 'Agent name cannot be empty'],
      ['ab', 'Agent name must be at least 3 characters long'],
    ]) {
      const { status, text } = await user.call('POST', '/agents', { name, description: '' });
      expect([status, text]).toEqual([400, wrong('400 Bad Request', message!)]);
    }
    const made = await user.call('POST', '/agents', { name: 'Garage', description: '' });
    expect(made.status).toBe(200);
    const garage = JSON.parse(made.text) as { uuid: string; token: string };
    expect(garage).toEqual({
      ...{ uuid: expect.stringMatching(uuid4), name: 'Garage', description: '', token: expect.stringMatching(uuid4) },
      created_at: String(Math.floor(place.clock.now() / 1_000)),
    });
    expect(garage.token).not.toBe(garage.uuid);
    await place.restart();
    const again = new User(place.port, 'ada', user.token);
    expect(await again.json('GET', '/agents')).toEqual([garage]);
    expect(await again.json('GET', `/agents/${garage.uuid.toUpperCase()}`)).toEqual(garage);
    const renamed = { ...garage, name: 'Attic', description: 'by the window' };
    const change = { name: 'Attic', description: 'by the window' };
    expect(await again.json('PUT', `/agents/${garage.uuid}`, change)).toEqual(renamed);
    expect(await again.json('GET', '/agents')).toEqual([renamed]);
    await ScriptedAgent.enter(place.port, garage.token);
    // Nobody finds it where it is kept.
    const stored = JSON.stringify(await place.yard.store.records.list('agent'));
    expect(stored).not.toContain(garage.token);
  });

  test('printerlynx §8.9 deleting an agent: true; its socket 4410, offline, unavailable, its print failed; the token is dead', async () => {
    await using place = await openPlace();
    const { user, garage, agent, ears, file, who, printer } = await openFarm(place);
    await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid });
    await agent.told('START');
    const answer = await user.call('DELETE', `/agents/${garage.uuid}`);
    expect([answer.status, answer.text]).toEqual([200, 'true']);
    expect((await agent.wire.closed()).code).toBe(4410);
    const heard = await ears.all(({ data }) => data['status'] === 'unavailable');
    expect(heard.map(({ data }) => data['status']).slice(-2)).toEqual(['offline', 'unavailable']);
    expect(heard.at(-1)?.data['printer_uuid']).toBe(printer);
    expect((await user.call('GET', '/agents')).text).toBe('[]');
    await expect(place.agent(garage.token)).rejects.toThrow('Invalid token');
    await until(async () => (await taskOf(place, 1)).state.state === 'failed');
    for (const id of [garage.uuid, nobody, 'x']) {
      const { status, text } = await user.call('DELETE', `/agents/${id}`);
      expect([status, text]).toEqual([404, wrong('404 Not Found', 'Agent not found')]);
    }
    expect(await ears.ask('print_job', { ...who, type: 'CANCEL' })).toBe('Agent not found');
  });
});

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('files', () => {
  test.each(['/files', '/printfiles'])(
    'printerlynx §8.10 §8.11 %s: size, date, checksum; the bytes come back as they were',
    async (path) => {
      await using place = await openPlace();
      const user = await place.user();
      // Not text, not ending in a line, with what looks like an end of the part.
      const bytes = Buffer.concat([Buffer.from('G28\r\n--'), Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251))]);
      const upload = path === '/files' ? '/files/upload' : path;
      const answer = await user.post([{ filename: 'bracket.gcode', bytes }], upload);
      const file = JSON.parse(answer.text) as FileDocument;
      expect(file).toEqual({
        ...{ uuid: expect.stringMatching(uuid4), name: 'bracket.gcode', size: bytes.length },
        checksum: createHash('sha256').update(bytes).digest('hex'),
        ...{ file_type: 'Gcode', file_storage_type: 'local', created_at: String(Math.floor(place.clock.now() / 1_000)) },
      });
      expect(await user.json('GET', path)).toEqual([file]);
      expect(await user.json('GET', `${path}/${file.uuid.toUpperCase()}`)).toEqual(file);
      const down = await user.call('GET', `${path}/${file.uuid}/download`);
      expect([down.status, down.headers['content-type'], down.headers['content-disposition']]).toEqual([
        200,
        'application/octet-stream',
        undefined,
      ]);
      expect(down.bytes.equals(bytes)).toBe(true);
      const part = await user.call('GET', `${path}/${file.uuid}/download`, undefined, { range: 'bytes=3-9' });
      expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 3-9/${bytes.length}`]);
      expect(part.bytes.equals(bytes.subarray(3, 10))).toBe(true);
    },
  );

  test('printerlynx §8.12 the same name twice is two files; a name cannot leave the store', async () => {
    await using place = await openPlace();
    const user = await place.user();
    const first = await user.upload('a.gcode', 'G28\n');
    const second = await user.upload('a.gcode', 'G29\n');
    expect(first.uuid).not.toBe(second.uuid);
    const read = async ({ uuid }: FileDocument) => (await user.call('GET', `/files/${uuid}/download`)).text;
    expect([await read(first), await read(second)]).toEqual(['G28\n', 'G29\n']);
    for (const [given, kept] of [
      ['../../x.gcode', 'x.gcode'],
      ['..\\..\\y.gcode', 'y.gcode'],
      ['/etc/passwd', 'passwd'],
      ['C:\\z.gcode', 'z.gcode'],
    ] as const) {
      const file = await user.upload(given, 'G28\n');
      expect([given, file.name]).toEqual([given, kept]);
      expect(await read(file)).toBe('G28\n');
    }
    expect((await user.post([{ filename: '..', bytes: 'x' }])).status).toBe(400);
    // Several parts: all of them or none, the last one is answered.
    const both = await user.post([
      { filename: 'b.gcode', bytes: '1' },
      { name: 'other', filename: 'c.gcode', bytes: '22' },
    ]);
    expect(JSON.parse(both.text)).toMatchObject({ name: 'c.gcode', size: 2 });
    const count = (await user.json<unknown[]>('GET', '/files')).length;
    expect(count).toBe(8);
    expect(
      (
        await user.post([
          { filename: 'd.gcode', bytes: '1' },
          { filename: null, bytes: '22' },
        ])
      ).status,
    ).toBe(400);
    expect(await user.json('GET', '/files')).toHaveLength(count);
  });

  test('printerlynx §8.14 deleting hides it at once; a print that needs it keeps its bytes until it is over', async () => {
    await using place = await openPlace();
    const { user, garage, agent, ears, file, who } = await openFarm(place);
    const other = await user.upload('other.gcode', 'G29\n');
    await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid });
    const start = await agent.told('START');
    const removed = await user.call('DELETE', `/files/${file.uuid}`);
    expect([removed.status, removed.text]).toEqual([200, 'true']);
    expect(await user.json('GET', '/files')).toEqual([other]);
    for (const path of [`/files/${file.uuid}`, `/files/${file.uuid}/download`]) {
      expect((await user.call('GET', path)).text).toBe(wrong('404 Not Found', 'No file found'));
    }
    const again = await user.call('DELETE', `/files/${file.uuid}`);
    expect([again.status, again.text]).toEqual([404, wrong('404 Not Found', 'No file found')]);
    const asAgent = () =>
      user.call('GET', String(start['download_path']).slice('/api/v1'.length), undefined, {
        authorization: `Bearer ${garage.token}`,
      });
    expect((await asAgent()).text).toBe('G28\nG1 X1\n');
    agent.agrees(start);
    agent.finished(start, 'completed');
    await ears.status(({ status }) => status === 'available');
    const late = await asAgent();
    expect([late.status, late.text]).toEqual([401, wrong('401 Unauthorized', 'Invalid token')]);
  });
});

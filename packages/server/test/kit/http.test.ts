import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostRule } from '../../src/doors/kit/host-check.ts';
import type { DoorHttp } from '../../src/doors/kit/http-server.ts';
import { createDoorHttp } from '../../src/doors/kit/http-server.ts';
import { kitLimits } from '../../src/doors/kit/limits.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { keptLog } from '../lib/quiet-log.ts';
import { echoDoor, row } from './lib/echo-door.ts';

describe('rows become routes', () => {
  const { log, lines } = keptLog();
  const clock = createFakeClock();
  let http: DoorHttp;
  beforeAll(async () => {
    const hosts = hostRule({ binds: ['127.0.0.1'], names: ['yard.example'], origins: ['https://ui.example'] });
    http = await createDoorHttp([echoDoor(clock)], {
      clock,
      log,
      limits: kitLimits,
      hosts,
      checkAnswers: true,
      closing: () => false,
    });
  });
  afterAll(() => http.close());

  const ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS', url: string, more: object = {}) =>
    http.app.inject({
      method,
      url,
      ...more,
      headers: { host: 'localhost', ...('headers' in more ? (more.headers as object) : {}) },
    });

  test('text, JSON, no body and a reason phrase', async () => {
    expect(await ask('GET', '/echo/plain')).toMatchObject({ statusCode: 200, body: 'hello' });
    const nothing = await ask('GET', '/echo/phrase');
    expect([nothing.statusCode, nothing.statusMessage, nothing.body]).toEqual([204, 'Nothing To Say', '']);
  });

  test('double slashes at the front collapse, nothing is redirected', async () => {
    expect((await ask('GET', '//echo/plain')).statusCode).toBe(200);
    expect((await ask('GET', '///echo/plain?x=//y')).statusCode).toBe(200);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const head = await ask('HEAD', '/echo/plain');
    expect([head.statusCode, head.headers['content-length'], head.body]).toEqual([200, '5', '']);
  });

  test('an unknown address is 404, a known one with another method 405 that says which', async () => {
    expect((await ask('GET', '/echo/nothing')).json()).toMatchObject({ code: 'not_found' });
    const wrong = await ask('DELETE', '/echo/pets/3');
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'PUT']);
    expect((await ask('GET', '/echo/%zz')).json()).toMatchObject({ code: 'malformed' });
  });

  test('texts of an address become what the schema says, exactly', async () => {
    expect((await ask('GET', '/echo/query?n=12&on&list=a,b')).json().query).toEqual({ n: 12, on: true, list: ['a', 'b'] });
    for (const bad of ['n=7.5', 'n=7x', 'n=', 'n=1&n=2', 'on=maybe']) {
      expect((await ask('GET', `/echo/query?${bad}`)).json(), bad).toMatchObject({ code: 'malformed' });
    }
    expect((await ask('GET', '/echo/query?m=1')).json()).toMatchObject({ code: 'unknown_field', at: '/m' });
  });

  test('bodies are checked as they are; the culprit is named by a pointer', async () => {
    const post = (payload: string) => ask('POST', '/echo/pets', { payload });
    expect((await post('{"name":"rex","legs":4}')).json().body).toEqual({ name: 'rex', legs: 4 });
    expect((await post('{"name":"rex","legs":"4"}')).json()).toMatchObject({ code: 'malformed', at: '/legs' });
    expect((await post('{"name":"rex","arms":4}')).json()).toMatchObject({ code: 'unknown_field', at: '/arms' });
    expect((await post('{"name":')).json()).toMatchObject({ code: 'malformed' });
    expect((await post('')).json()).toMatchObject({ code: 'malformed', at: '/name' });
    expect((await post('{"name":"rex","__proto__":{"legs":4}}')).statusCode).toBe(400);
    expect((await post(`{"name":"rex","\\u005f_proto__":1}`)).statusCode).toBe(400);
    expect((await post('[[[[[['.padEnd(400, '['))).statusCode).toBe(400);
    const deep = `${'['.repeat(101)}${']'.repeat(101)}`;
    expect((await post(deep)).json().detail).toContain('nested deeper');
    expect((await ask('POST', '/echo/pets', { payload: Buffer.from([0x7b, 0xff, 0x7d]) })).json().detail).toContain('UTF-8');
  });

  test('a body at its limit is read, one byte more is refused', async () => {
    const at = (size: number) => ask('POST', '/echo/bytes', { payload: Buffer.alloc(size) });
    expect((await at(1_000)).statusCode).toBe(200);
    expect((await at(1_001)).json()).toMatchObject({ code: 'too_large' });
  });

  test('a compressed body is refused where it would have to be understood', async () => {
    const send = (url: string) => ask('POST', url, { payload: '{"name":"a"}', headers: { 'content-encoding': 'gzip' } });
    expect((await send('/echo/pets')).json().detail).toContain('Content-Encoding: gzip');
    expect((await send('/echo/bytes')).statusCode).toBe(200);
  });

  test('order: credential, right, address, target, then the body', async () => {
    const put = (id: string, authorization: string, payload: string) =>
      ask('PUT', `/echo/pets/${id}`, { payload, headers: { authorization } });
    expect((await put('x', 'Bearer wrong', '{')).json()).toMatchObject({ code: 'unauthenticated' });
    expect((await put('x', '', '{')).json()).toMatchObject({ code: 'malformed', at: '/id' });
    expect((await put('404', '', '{')).json()).toMatchObject({ code: 'not_found' });
    expect((await put('5', '', '{')).json()).toMatchObject({ code: 'malformed' });
    expect((await put('5', '', '{"name":"a"}')).json()).toMatchObject({ target: 'pet 5' });
    expect((await ask('GET', '/echo/right', { headers: { authorization: 'Bearer poor' } })).json()).toMatchObject({
      code: 'forbidden',
    });
  });

  test('a bug is answered as one, logged once, and told nobody what it was', async () => {
    lines.length = 0;
    const answer = await ask('GET', '/echo/fails');
    expect(answer.json()).toMatchObject({ code: 'internal' });
    expect(answer.body).not.toContain('a bug');
    expect(lines.map((line) => line.event)).toEqual(['http.failed']);
  });

  test('an answer that is not as its row promises is a bug', async () => {
    expect((await ask('GET', '/echo/promise')).statusCode).toBe(500);
  });

  test('only names of its own are answered', async () => {
    const named = async (host: string) =>
      (await http.app.inject({ method: 'GET', url: '/echo/plain', headers: { host } })).statusCode;
    for (const host of [
      'localhost',
      'localhost:8080',
      '127.0.0.1:1',
      '[::1]:80',
      'a.localhost',
      'yard.example',
      'YARD.example.:9',
    ]) {
      expect([host, await named(host)]).toEqual([host, 200]);
    }
    for (const host of ['evil.example', '127.0.0.1.evil.example', '192.168.1.5', 'localhost.evil.example', '[::2]']) {
      expect([host, await named(host)]).toEqual([host, 403]);
    }
  });

  test('a foreign page may change nothing', async () => {
    const from = async (origin: string, url = '/echo/pets') =>
      (await ask('POST', url, { payload: '{"name":"a"}', headers: { origin } })).statusCode;
    expect(await from('http://localhost')).toBe(200);
    expect(await from('https://ui.example')).toBe(200);
    expect(await from('http://evil.example')).toBe(403);
    expect(await from('null')).toBe(403);
    expect(await from('https://good.example')).toBe(403);
    expect(await from('https://good.example', '/echo/open')).toBe(200);
    expect((await ask('GET', '/echo/plain', { headers: { origin: 'http://evil.example' } })).statusCode).toBe(200);
  });

  test('CORS comes from the rows, on errors too', async () => {
    const origin = 'https://good.example';
    const open = await ask('GET', '/echo/open', { headers: { origin } });
    expect(open.headers['access-control-allow-origin']).toBe('*');
    const bad = await ask('POST', '/echo/open', { payload: '{', headers: { origin } });
    expect([bad.statusCode, bad.headers['access-control-allow-origin']]).toEqual([400, origin]);
    expect((await ask('GET', '/echo/plain', { headers: { origin } })).headers['access-control-allow-origin']).toBeUndefined();
    const before = await ask('OPTIONS', '/echo/open', { headers: { origin, 'access-control-request-method': 'POST' } });
    expect(before.statusCode).toBe(204);
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'x-a',
      'access-control-allow-credentials': 'true',
      'access-control-allow-private-network': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST',
    });
    const foreign = await ask('OPTIONS', '/echo/open', {
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('two doors with one address are refused by name', async () => {
    const other = { ...echoDoor(clock), name: 'other', rows: [row({ path: '/echo/plain', handle: () => ({ status: 200 }) })] };
    const deps = { clock, log, limits: kitLimits, hosts: hostRule({ binds: [] }), closing: () => false };
    await expect(createDoorHttp([echoDoor(clock), other], deps)).rejects.toThrow(
      'GET /echo/plain belongs to both echo and other',
    );
  });
});

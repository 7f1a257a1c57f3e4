import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Door } from '../../src/doors/kit/door.ts';
import { type KitLimits, kitLimits } from '../../src/doors/kit/limits.ts';
import { openListener } from '../../src/doors/kit/listener.ts';
import { onlyFromHere, tlsFault } from '../../src/doors/kit/tls-gate.ts';
import { dial } from '../lib/dial.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { keptLog } from '../lib/quiet-log.ts';
import { until } from '../lib/until.ts';
import { ca, certificateAt, dialTls, httpsGet, pair, piecewise } from '../tls/lib.ts';
import { echoDoor } from './lib/echo-door.ts';

async function open(options: { only?: boolean; door?: Partial<Door>; limits?: Partial<KitLimits> } = {}) {
  const clock = createFakeClock();
  const door = echoDoor(clock, options.door ?? {});
  const { log } = keptLog();
  const tls = { material: pair.one, only: options.only ?? false };
  const listener = await openListener(
    { doors: [door], hosts: ['127.0.0.1'], port: 0, tls, limits: options.limits ?? {} },
    { clock, log },
  );
  const close = async (): Promise<void> => {
    const closing = listener.close();
    await until(() => listener.connections() === 0 || clock.pending > 0);
    await clock.advance(60_000);
    await closing;
  };
  return { listener, door, clock, port: listener.port, close, [Symbol.asyncDispose]: close };
}

test('one port speaks https and http, raw in TLS and without', async () => {
  await using place = await open();
  expect(await httpsGet(place.port, '/echo/plain')).toEqual({ status: 200, text: 'hello' });
  expect(await (await fetch(`http://127.0.0.1:${place.port}/echo/plain`)).text()).toBe('hello');
  await using secure = await dialTls(place.port);
  secure.socket.write('#in TLS');
  await secure.until((seen) => seen === '#in TLS');
  await using plain = await dial(place.port);
  plain.write('#without');
  await plain.until((seen) => seen === '#without');
});

test.each([1, 7, 100])('a handshake that comes in pieces of %i bytes', async (size) => {
  await using place = await open();
  await using way = await piecewise(place.port, size);
  await using peer = await dialTls(way.port);
  peer.socket.write('\r\n GET /echo/plain HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await peer.until((seen) => seen.endsWith('hello'))).toContain('HTTP/1.1 200');
});

test('large answers and bodies, several requests on one connection', async () => {
  await using place = await open();
  await using peer = await dialTls(place.port);
  const body = 'x'.repeat(900);
  for (let i = 0; i < 3; i++) {
    peer.socket.write(`POST /echo/bytes HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await peer.until((seen) => seen.split(body).length === i + 2);
  }
  const big = await httpsGet(place.port, '/echo/big');
  expect(big.text.length).toBe(4 * 1_048_576);
});

test('wss: an upgrade inside of TLS', async () => {
  const server = new WebSocketServer({ noServer: true });
  const upgrades: Door['upgrades'] = [
    {
      path: '/socket',
      origins: 'any',
      handle(request, socket, head) {
        server.handleUpgrade(request, socket, head, (peer) =>
          peer.on('message', (text) => peer.send(`you said ${String(text)}`)),
        );
        return true;
      },
    },
  ];
  await using place = await open({ door: { upgrades } });
  const socket = new WebSocket(`wss://localhost:${place.port}/socket`, { ca });
  await once(socket, 'open');
  socket.send('hi');
  const [said] = (await once(socket, 'message')) as [Buffer];
  expect(String(said)).toBe('you said hi');
  socket.terminate();
});

test('a door’s own HTTP port has both too', async () => {
  const ports: Door['ports'] = [{ port: 0, hosts: ['127.0.0.1'], serves: 'http' }];
  await using place = await open({ door: { ports } });
  const own = place.listener.ownPorts[0]!.port;
  expect((await httpsGet(own, '/echo/plain')).text).toBe('hello');
  expect(await (await fetch(`http://127.0.0.1:${own}/echo/plain`)).text()).toBe('hello');
});

test('a new certificate serves new connections, open ones go on; one that does not do changes nothing', async () => {
  await using place = await open();
  const { tls } = place.listener;
  await using old = await dialTls(place.port);
  expect(await certificateAt(place.port)).toBe('one of the tests');
  for (const [cert, key] of [
    ['', ''],
    [pair.two.cert, pair.one.key],
    [pair.two.cert, 'garbage'],
    ['garbage', pair.two.key],
    [pair.two.cert.slice(0, 200), pair.two.key],
  ] as const) {
    expect(tls?.renew({ cert, key })).toMatch(/\w/);
    expect(await certificateAt(place.port)).toBe('one of the tests');
  }
  expect(tls?.renew(pair.two)).toBeNull();
  expect(await certificateAt(place.port)).toBe('two of the tests');
  old.socket.write('#still here');
  await old.until((seen) => seen === '#still here');
  expect(tls?.expiresAt).toBeGreaterThan(Date.UTC(2050, 0));
  expect(tlsFault(pair.two)).toBeNull();
});

test('garbage after the first byte of a handshake, and silence, end the connection and harm nobody', async () => {
  await using place = await open({ limits: { silentMs: Number.MAX_SAFE_INTEGER } });
  await using garbage = await dial(place.port);
  garbage.write('\x16\x03garbage'.repeat(100));
  await garbage.closed();
  await using silent = await dial(place.port);
  silent.write('\x16\x03');
  // Whenever its byte arrives: the time for silent connections is out of the way.
  for (
    const over = silent.closed().then(() => true);
    !(await Promise.race([over, place.clock.advance(kitLimits.handshakeMs)]));
  );
  await using inner = await dialTls(place.port);
  inner.socket.write('\x16\x03');
  await once(inner.socket, 'close');
  expect((await httpsGet(place.port, '/echo/plain')).text).toBe('hello');
});

test('who has shaken hands and then is silent is closed after the time of all silent ones', async () => {
  await using place = await open();
  await using peer = await dialTls(place.port);
  await until(() => place.clock.pending > 0);
  await place.clock.advance(30_000);
  if (!peer.socket.destroyed) await once(peer.socket, 'close');
});

test('closing ends an unfinished handshake, idle connections and long answers inside of TLS', async () => {
  const place = await open();
  const half = await dial(place.port);
  half.write('\x16\x03');
  const idle = await dialTls(place.port);
  idle.socket.write('GET /echo/plain HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await idle.until((seen) => seen.endsWith('hello'));
  const long = await dialTls(place.port);
  long.socket.write('GET /echo/endless HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await long.until((seen) => seen.includes('first'));
  await place.close();
  expect(place.listener.connections()).toBe(0);
  for (const peer of [idle, long]) await peer[Symbol.asyncDispose]();
  await half[Symbol.asyncDispose]();
});

test('`only`: this machine may come in plain, whoever else is told to use TLS', async () => {
  await using place = await open({ only: true });
  expect(await (await fetch(`http://127.0.0.1:${place.port}/echo/plain`)).text()).toBe('hello');
  const taken: string[] = [];
  const guard = onlyFromHere({ name: 'web', takes: () => true, take: (_socket, first) => void taken.push(String(first)) });
  const from = (remoteAddress: string, localAddress: string, first: string) => {
    const socket = Object.assign(new PassThrough(), { remoteAddress, localAddress });
    guard.take(socket as never, Buffer.from(first));
    return socket;
  };
  from('127.0.0.1', '127.0.0.1', 'a');
  from('::ffff:127.0.0.1', '::ffff:127.0.0.1', 'b');
  from('::1', '::1', 'c');
  // A machine that calls itself by its outer address.
  from('192.0.2.1', '192.0.2.1', 'd');
  expect(taken).toEqual(['a', 'b', 'c', 'd']);
  const web = from('192.0.2.7', '192.0.2.1', 'GET / HTTP/1.1');
  expect(String(web.read())).toMatch(/^HTTP\/1\.1 426 .*\r\n[\s\S]*https only\n$/);
  const raw = from('192.0.2.7', '192.0.2.1', '{"a":1}');
  expect([raw.destroyed, raw.read()]).toEqual([true, null]);
  expect(taken).toHaveLength(4);
});

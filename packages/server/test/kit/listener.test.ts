import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Door } from '../../src/doors/kit/door.ts';
import { kitLimits } from '../../src/doors/kit/limits.ts';
import { type Listener, openListener, PortTaken } from '../../src/doors/kit/listener.ts';
import { dial } from '../lib/dial.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { keptLog } from '../lib/quiet-log.ts';
import { until } from '../lib/until.ts';
import { echoDoor, slow } from './lib/echo-door.ts';

interface Place extends AsyncDisposable {
  readonly listener: Listener;
  readonly clock: FakeClock;
  readonly door: ReturnType<typeof echoDoor>;
}

async function open(extra: Partial<Door> = {}, options: object = {}): Promise<Place> {
  const clock = createFakeClock();
  const door = echoDoor(clock, extra);
  const { log } = keptLog();
  const listener = await openListener({ doors: [door], hosts: ['127.0.0.1', '::1'], port: 0, ...options }, { clock, log });
  return {
    listener,
    clock,
    door,
    [Symbol.asyncDispose]: async () => {
      const closing = listener.close();
      await until(() => listener.connections() === 0 || clock.pending > 0);
      await clock.advance(60_000);
      await closing;
    },
  };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const ok = (seen: string): boolean => seen.startsWith('HTTP/1.1 200') && seen.includes('\r\n\r\n');

describe('one port', () => {
  test('the first byte decides; both loopback families are served', async () => {
    await using place = await open();
    const { port } = place.listener;
    for (const host of ['127.0.0.1', '::1']) {
      await using web = await dial(port, host);
      web.write(get('/echo/plain'));
      expect(await web.until((seen) => seen.endsWith('hello'))).toContain('200 OK');
      await using raw = await dial(port, host);
      raw.write('#line');
      await raw.until((seen) => seen === '#line');
    }
    expect(place.listener.urls).toEqual([`http://127.0.0.1:${port}`, `http://[::1]:${port}`]);
    expect(place.listener.warnings).toEqual([]);
  });

  test('blanks in front are dropped, up to the limit and not one more', async () => {
    await using place = await open();
    const blanks = '\r\n \t'.repeat(16);
    expect(blanks.length).toBe(kitLimits.blanks);
    await using raw = await dial(place.listener.port);
    raw.write(blanks);
    raw.write('#x');
    await raw.until((seen) => seen === '#x');
    await using web = await dial(place.listener.port);
    web.write(`${blanks}${get('/echo/plain')}`);
    await web.until(ok);
    await using over = await dial(place.listener.port);
    over.write(`${blanks} #x`);
    await over.closed();
    expect(over.seen).toBe('');
  });

  test('bytes that are nobody’s, and TLS without a certificate, are closed without a word', async () => {
    await using place = await open();
    for (const bytes of ['\x16\x03\x01\x02', '\x00', '1', '<xml>', '\xff']) {
      await using peer = await dial(place.listener.port);
      peer.write(bytes);
      await peer.closed();
      expect(peer.seen).toBe('');
    }
  });

  test('a silent connection is closed after its time, not before', async () => {
    await using place = await open();
    await using peer = await dial(place.listener.port);
    await using blank = await dial(place.listener.port);
    blank.write('  ');
    await until(() => place.clock.pending === 2);
    await place.clock.advance(kitLimits.silentMs - 1);
    expect(place.listener.connections()).toBe(2);
    await place.clock.advance(1);
    await Promise.all([peer.closed(), blank.closed()]);
    await until(() => place.listener.connections() === 0);
  });

  test('connections beyond the cap are closed; those inside it live', async () => {
    await using place = await open({}, { limits: { connections: 2 } });
    await using first = await dial(place.listener.port);
    await using second = await dial(place.listener.port);
    await until(() => place.listener.connections() === 2);
    await using third = await dial(place.listener.port);
    await third.closed();
    second.write('#ok');
    await second.until((seen) => seen === '#ok');
    first.socket.destroy();
    await until(() => place.listener.connections() === 1);
    await using fourth = await dial(place.listener.port);
    fourth.write('#ok');
    await fourth.until((seen) => seen === '#ok');
  });
});

describe('ports', () => {
  test('own ports sniff nothing', async () => {
    const ports = [
      { port: 0, hosts: ['127.0.0.1'], serves: 'raw' as const },
      { port: 0, hosts: ['127.0.0.1', '::1'], serves: 'http' as const },
    ];
    await using place = await open({ ports });
    const [rawPort, webPort, webPort6] = place.listener.ownPorts;
    await using raw = await dial(rawPort!.port);
    raw.write('GET anything');
    await raw.until((seen) => seen === 'GET anything');
    await using web = await dial(webPort!.port);
    web.write(get('/echo/plain'));
    await web.until(ok);
    expect(webPort6).toMatchObject({ door: 'echo', host: '::1', port: webPort!.port, serves: 'http' });
  });

  test('the shared port taken is fatal, says what to do, and the doors are closed again', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await until(() => blocker.listening);
    const { port } = blocker.address() as { port: number };
    const clock = createFakeClock();
    const door = echoDoor(clock);
    const { log } = keptLog();
    const opening = openListener({ doors: [door], hosts: ['127.0.0.1'], port }, { clock, log });
    await expect(opening).rejects.toThrow(PortTaken);
    await expect(opening).rejects.toThrow(`127.0.0.1 port ${port} is taken by another program`);
    expect(door.closes).toBe(1);
    await new Promise((resolve) => blocker.close(resolve));
  });

  test('an own port taken, or a second address that is not there, is a warning', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await until(() => blocker.listening);
    const { port } = blocker.address() as { port: number };
    const ports = [{ port, hosts: ['127.0.0.1'], serves: 'raw' as const }];
    {
      await using place = await open({ ports }, { hosts: ['127.0.0.1', '192.0.2.77'] });
      expect(place.listener.warnings).toEqual([
        'this machine has no address 192.0.2.77',
        `the port of the door echo: 127.0.0.1 port ${port} is taken by another program: stop that one, or choose another port`,
      ]);
    }
    await new Promise((resolve) => blocker.close(resolve));
  });
});

describe('bodies', () => {
  test('leave to send is given only when nothing stands against the body', async () => {
    await using place = await open();
    const head = (path: string, length: number, more = '') =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n${more}\r\n`;
    await using good = await dial(place.listener.port);
    good.write(head('/echo/pets', 14));
    await good.until((seen) => seen.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    good.write('{"name":"rex"}');
    await good.until((seen) => seen.includes('"rex"'));
    await using long = await dial(place.listener.port);
    long.write(head('/echo/pets', 5_000_000));
    expect(await long.until((seen) => seen.includes('too_large'))).toMatch(/^HTTP\/1.1 413/);
    await using nobody = await dial(place.listener.port);
    nobody.write(head('/echo/pets', 10, 'Authorization: Bearer wrong\r\n'));
    expect(await nobody.until((seen) => seen.includes('unauthenticated'))).toMatch(/^HTTP\/1.1 401/);
  });

  test('the answer to a refused body gets through while it is still being sent, and the connection goes on', async () => {
    await using place = await open();
    await using peer = await dial(place.listener.port);
    const size = 1_048_576;
    peer.write(`POST /echo/pets HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`);
    await peer.until((seen) => seen.includes('too_large'));
    peer.write(Buffer.alloc(size, 'x'));
    peer.write(get('/echo/plain'));
    await peer.until((seen) => seen.endsWith('hello'));
  });

  test('a refused body without end is cut off', async () => {
    await using place = await open();
    await using peer = await dial(place.listener.port);
    peer.write('POST /echo/pets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let n = 0; n < 200 && !peer.socket.destroyed; n++) await new Promise((resolve) => peer.socket.write(chunk, resolve));
    await peer.closed();
    expect(peer.seen).toContain('too_large');
  });

  test('a body that stops coming is refused after its time', async () => {
    await using place = await open();
    await using peer = await dial(place.listener.port);
    peer.write(get('/echo/plain'));
    await peer.until((seen) => seen.endsWith('hello'));
    expect(place.clock.pending).toBe(0);
    peer.write('POST /echo/pets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{"na');
    await until(() => place.clock.pending > 0);
    await place.clock.advance(kitLimits.bodyIdleMs);
    expect(await peer.until((seen) => seen.includes('stopped coming'))).toContain('helloHTTP/1.1 504');
  });
});

describe('closing', () => {
  test('an answer under way is finished, doors say good-bye, idle connections end', async () => {
    const place = await open();
    const { listener, clock, door } = place;
    await using idle = await dial(listener.port);
    idle.write(get('/echo/plain'));
    await idle.until(ok);
    await using raw = await dial(listener.port);
    raw.write('#hi');
    await raw.until((seen) => seen === '#hi');
    await using silent = await dial(listener.port);
    await using big = await dial(listener.port);
    await until(() => listener.connections() === 4);
    big.socket.pause();
    big.write(get('/echo/big'));
    await until(() => big.socket.bytesRead > 0);
    const closing = listener.close();
    expect(listener.close()).toBe(closing);
    await Promise.all([idle.closed(), raw.closed(), silent.closed()]);
    expect(raw.seen).toBe('#hibye');
    big.socket.resume();
    await big.closed();
    expect(big.seen.length).toBeGreaterThan(4 * 1_048_576);
    await closing;
    expect([listener.connections(), door.closes, clock.pending]).toEqual([0, 1, 0]);
  });

  test('a request that is being worked on is answered', async () => {
    const { listener, clock } = await open();
    await using peer = await dial(listener.port);
    peer.write(get('/echo/slow'));
    await until(() => slow.waiting.length === 1);
    const closing = listener.close();
    await until(() => clock.pending > 0);
    slow.waiting.pop()?.();
    expect(await peer.until((seen) => seen.endsWith('slow'))).toContain('connection: close');
    await Promise.all([closing, peer.closed()]);
    expect(clock.pending).toBe(0);
  });

  test('an answer without end is cut off after the limit', async () => {
    const { listener, clock } = await open();
    await using peer = await dial(listener.port);
    peer.write(get('/echo/endless'));
    await peer.until((seen) => seen.includes('first'));
    const closing = listener.close();
    await until(() => clock.pending > 0);
    await clock.advance(kitLimits.goodByeMs);
    await Promise.all([closing, peer.closed()]);
  });
});

describe('peers that hang up', () => {
  test('in the middle of an upload: nothing is logged as an error, nothing is left', async () => {
    const { log, lines } = keptLog();
    const clock = createFakeClock();
    const listener = await openListener({ doors: [echoDoor(clock)], hosts: ['127.0.0.1'], port: 0 }, { clock, log });
    await using peer = await dial(listener.port);
    peer.write('POST /echo/stream HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n');
    await peer.until((seen) => seen.includes('100 Continue'));
    peer.write('half');
    await until(() => peer.socket.writableLength === 0);
    peer.socket.resetAndDestroy();
    await until(() => listener.connections() === 0);
    await until(() => lines.some((line) => line.event === 'http.failed'));
    expect(lines.filter((line) => line.level >= 40)).toEqual([]);
    await listener.close();
    expect(clock.pending).toBe(0);
  });
});

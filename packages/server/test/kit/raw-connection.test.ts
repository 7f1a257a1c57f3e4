import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionCaps } from '../../src/doors/kit/connection-caps.ts';
import { kitLimits } from '../../src/doors/kit/limits.ts';
import { openRawConnection, type RawConnection, type RawEars } from '../../src/doors/kit/raw-connection.ts';
import { dial } from '../lib/dial.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { until } from '../lib/until.ts';

describe('a raw connection', () => {
  let server: Server;
  let clock: FakeClock;
  let sockets: Socket[];
  let opened: (RawConnection | null)[];
  let heard: string;
  let ended: string[];
  let ears: Partial<RawEars>;
  let caps: ConnectionCaps;
  const limits = { ...kitLimits, sendBytes: 1_048_576 };

  beforeEach(async () => {
    clock = createFakeClock();
    sockets = [];
    opened = [];
    heard = '';
    const ends: string[] = [];
    ended = ends;
    ears = {};
    caps = new ConnectionCaps({ perAddress: 2, total: 3 });
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      const own: RawEars = {
        data: (bytes) => {
          heard += bytes.toString();
        },
        closed: (why) => void ends.push(why),
        ...ears,
      };
      opened.push(openRawConnection(socket, Buffer.from('first '), own, { clock, caps, limits }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const port = (): number => (server.address() as { port: number }).port;
  async function open() {
    const count = opened.length;
    const peer = await dial(port());
    await until(() => opened.length > count);
    return { peer, connection: opened[count]! };
  }

  test('gives what was read before and what comes, and sends', async () => {
    const { peer, connection } = await open();
    peer.write('second');
    await until(() => heard === 'first second');
    connection.send(Buffer.from('answer'));
    await peer.until((seen) => seen === 'answer');
    peer.socket.resetAndDestroy();
    await until(() => ended.length === 1);
    expect([ended[0], caps.count]).toEqual(['error', 0]);
  });

  test('without a complete first message in time it is closed; established, it lives', async () => {
    const late = await open();
    const early = await open();
    early.connection.established();
    await clock.advance(limits.firstMessageMs);
    await late.peer.closed();
    expect(ended).toEqual(['deadline']);
    expect(early.connection.closed).toBe(false);
    early.peer.socket.destroy();
  });

  test('the last words get through before it closes', async () => {
    const { peer, connection } = await open();
    connection.send(Buffer.from('a'));
    connection.close(Buffer.from('bye'));
    connection.close(Buffer.from('twice'));
    await peer.closed();
    expect([peer.seen, ended]).toEqual(['abye', ['us']]);
    await until(() => clock.pending === 0);
  });

  test('a peer that does not read its last words is cut off', async () => {
    const { peer, connection } = await open();
    peer.socket.pause();
    while (connection.waiting < 600_000) {
      connection.send(Buffer.alloc(65_536));
      await new Promise((resolve) => setImmediate(resolve));
    }
    connection.close();
    await clock.advance(limits.goodByeMs);
    await until(() => ended.length === 1);
    expect(ended).toEqual(['us']);
    peer.socket.destroy();
  });

  test('a peer that does not read at all is given up at the limit', async () => {
    const { peer, connection } = await open();
    peer.socket.pause();
    for (let n = 0; n < 10_000 && connection.send(Buffer.alloc(65_536)); n++)
      await new Promise((resolve) => setImmediate(resolve));
    await until(() => ended.length === 1);
    expect(ended).toEqual(['slow']);
    peer.socket.destroy();
  });

  test('what is queued is sent to a peer that has ended its side', async () => {
    const { peer, connection } = await open();
    connection.send(Buffer.from('queued'));
    peer.socket.end();
    await peer.closed();
    expect([peer.seen, ended]).toEqual(['queued', ['peer']]);
  });

  test('a door that wants to answer a half-closed peer may', async () => {
    let over = false;
    ears = {
      ended: () => {
        over = true;
      },
    };
    const { peer, connection } = await open();
    peer.socket.end('question');
    await until(() => over);
    connection.send(Buffer.from('answer'));
    connection.close();
    await peer.closed();
    expect([heard, peer.seen]).toEqual(['first question', 'answer']);
  });

  test('connections beyond the cap of an address are closed at once, and room comes back', async () => {
    const first = await open();
    await open();
    const third = await open();
    expect(third.connection).toBeNull();
    await third.peer.closed();
    first.peer.socket.destroy();
    await until(() => caps.count === 1);
    expect((await open()).connection).not.toBeNull();
  });
});

test('caps: in all and per address, on both sides of the edge', () => {
  const caps = new ConnectionCaps({ perAddress: 2, total: 3 });
  expect([caps.enter('a'), caps.enter('a'), caps.enter('a')]).toEqual([true, true, false]);
  expect([caps.enter('b'), caps.enter('c'), caps.count]).toEqual([true, false, 3]);
  caps.leave('a');
  expect([caps.enter('c'), caps.enter('d')]).toEqual([true, false]);
  caps.leave('nobody');
  expect(caps.count).toBe(3);
});

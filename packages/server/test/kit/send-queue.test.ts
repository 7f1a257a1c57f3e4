import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Flusher } from '../../src/doors/kit/flusher.ts';
import { SendQueue } from '../../src/doors/kit/send-queue.ts';
import { wsFrame } from '../../src/doors/kit/ws-frame.ts';
import { until } from '../lib/until.ts';

/** A peer whose reading is in the test's hands. */
function slowPeer(highWaterMark = 16) {
  const writes: string[] = [];
  let release: (() => void) | null = null;
  const out = new Duplex({
    highWaterMark,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      release = done;
    },
  });
  return { out, writes, read: () => release?.() };
}

const bytes = (text: string): Buffer => Buffer.from(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('send queue', () => {
  test('what one turn says leaves as one write, in order', async () => {
    const peer = slowPeer();
    const queue = new SendQueue(peer.out, { limit: 100, onFull: 'close' });
    for (const text of ['a', 'b', 'c']) queue.push(bytes(text));
    expect(peer.writes).toEqual([]);
    await turn();
    expect(peer.writes).toEqual(['abc']);
  });

  test('newest wins while it waits, in the place of the first', async () => {
    const peer = slowPeer(1);
    const queue = new SendQueue(peer.out, { limit: 100, onFull: 'close' });
    queue.push(bytes('first'));
    await turn();
    queue.pushLatest('temp', bytes('t1'));
    queue.push(bytes('x'));
    queue.pushLatest('temp', bytes('t2-longer'));
    expect(queue.waiting).toBe('first'.length + 't2-longer'.length + 1);
    peer.read();
    await turn();
    expect(peer.writes).toEqual(['first', 't2-longerx']);
    queue.pushLatest('temp', bytes('t3'));
    peer.read();
    await turn();
    expect(peer.writes.at(-1)).toBe('t3');
  });

  test('the limit counts what waits here and in the socket; at it fits, over it does not', async () => {
    const drop = new SendQueue(slowPeer().out, { limit: 10, onFull: 'drop' });
    expect([drop.push(bytes('12345')), drop.push(bytes('12345')), drop.push(bytes('1'))]).toEqual([true, true, false]);
    expect([drop.waiting, drop.dropped]).toEqual([10, 1]);
    await turn();
    expect([drop.waiting, drop.push(bytes('1'))]).toEqual([10, false]);
  });

  test('policy close gives the peer up, once', () => {
    const peer = slowPeer();
    let overflows = 0;
    const queue = new SendQueue(peer.out, { limit: 10, onFull: 'close', onOverflow: () => overflows++ });
    queue.push(bytes('12345'));
    expect([queue.push(bytes('123456')), queue.push(bytes('1')), overflows]).toEqual([false, false, 1]);
    const other = slowPeer();
    new SendQueue(other.out, { limit: 1, onFull: 'close' }).push(bytes('12'));
    expect(other.out.destroyed).toBe(true);
  });

  test('end writes all that waits, then ends', async () => {
    const peer = slowPeer(1);
    const queue = new SendQueue(peer.out, { limit: 100, onFull: 'close' });
    queue.push(bytes('a'));
    await turn();
    queue.push(bytes('b'));
    queue.end(bytes('c'));
    expect(queue.push(bytes('d'))).toBe(false);
    peer.read();
    await turn();
    peer.read();
    await until(() => peer.out.writableFinished);
    expect(peer.writes).toEqual(['a', 'bc']);
  });

  test('a thousand queues are written in slices, none is forgotten', async () => {
    const flusher = new Flusher();
    let written = 0;
    const sink = (): Duplex =>
      new Duplex({
        read() {},
        write(_chunk, _encoding, done) {
          written++;
          done();
        },
      });
    const queues = Array.from({ length: 1_000 }, () => new SendQueue(sink(), { limit: 10, onFull: 'drop', flusher }));
    for (const queue of queues) queue.push(bytes('x'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(256);
    await until(() => written === 1_000);
  });
});

test('frames of a server: lengths 125, 126, 65535, 65536', () => {
  for (const size of [0, 125, 126, 65_535, 65_536]) {
    const frame = wsFrame('binary', Buffer.alloc(size, 7));
    const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
    expect([frame[0], frame.length, frame[1]]).toEqual([0x82, head + size, size < 126 ? size : size < 65_536 ? 126 : 127]);
  }
  expect(wsFrame('text', 'é').toString('hex')).toBe('8102c3a9');
});

import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Newest } from '../../src/doors/dnaforge/newest.ts';
import { SendQueue } from '../../src/doors/kit/send-queue.ts';
import { until } from '../lib/until.ts';

/** A peer that takes what it is sent only when it is told to. */
function slowPeer(limit: number) {
  const taken: string[] = [];
  let go: (() => void) | null = null;
  let reads = false;
  const out = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      taken.push(bytes.toString('latin1'));
      if (reads) done();
      else go = done;
    },
  });
  const queue = new SendQueue(out, { limit, onFull: 'close' });
  const newest = new Newest(queue, limit * 0.75);
  return {
    queue,
    newest,
    out,
    read() {
      reads = true;
      go?.();
    },
    /** First letters of everything that it was sent. */
    heard: () => taken.join('').replaceAll(/-+/g, ''),
  };
}

const frame = (name: string, bytes = 10): Buffer => Buffer.from(name.padEnd(bytes, '-'), 'latin1');
const large = 300_000;

test('a peer that reads is told at once', async () => {
  const { newest, heard, read } = slowPeer(10_000_000);
  read();
  for (const name of ['a', 'b', 'c']) newest.say(1, 'progress', frame(name));
  await until(() => heard() === 'abc');
});

test('to a slow one the newest is said, one for each job and kind, in the order in which they came up', async () => {
  const { queue, newest, heard, read } = slowPeer(10_000_000);
  queue.push(frame('X', large));
  queue.flush();
  for (const name of ['a', 'b']) newest.say(1, 'structure', frame(name));
  for (const name of ['c', 'd']) newest.say(1, 'progress', frame(name));
  for (const name of ['e', 'f']) newest.say(2, 'progress', frame(name));
  newest.say(1, 'structure', frame('g'));
  read();
  await until(() => heard().length === 4);
  expect(heard()).toBe('Xgdf');
});

test('a change of state is not held up; what came before it is said before, or not at all', async () => {
  const { queue, newest, heard, read } = slowPeer(10_000_000);
  queue.push(frame('X', large));
  queue.flush();
  newest.say(1, 'structure', frame('a'));
  newest.say(1, 'progress', frame('b'));
  newest.say(2, 'progress', frame('c'));
  newest.changes(1);
  queue.push(frame('S'));
  read();
  await until(() => heard().length === 4);
  expect(heard()).toBe('XaSc');
});

test('what would be too much is left out; the peer is not given up for it', async () => {
  const { queue, newest, heard, read, out } = slowPeer(1_000_000);
  newest.say(1, 'structure', frame('a', 900_000));
  queue.push(frame('S'));
  read();
  await until(() => heard() === 'S');
  expect(out.destroyed).toBe(false);
});

test('of a peer that went away nothing is kept', async () => {
  const { queue, newest, heard, out, read } = slowPeer(10_000_000);
  queue.push(frame('X', large));
  queue.flush();
  newest.say(1, 'structure', frame('a'));
  out.destroy();
  await until(() => out.closed);
  await new Promise((resolve) => setImmediate(resolve));
  newest.say(1, 'structure', frame('b'));
  read();
  expect(heard()).toBe('X');
});

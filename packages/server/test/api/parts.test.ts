import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { awaitChange } from '../../src/doors/api/await-change.ts';
import { requestHash } from '../../src/doors/api/canonical.ts';
import { Outbox } from '../../src/doors/api/worker-socket/outbox.ts';
import { SendQueue } from '../../src/doors/kit/send-queue.ts';
import { admin, openYard, settle, submit } from '../engine/lib/yard.ts';

function sink() {
  const frames: string[] = [];
  const out = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      // Short frames of a server: two bytes of head.
      for (let at = 0; at < chunk.length; ) {
        const size = chunk[at + 1]!;
        frames.push(chunk.subarray(at + 2, at + 2 + size).toString());
        at += 2 + size;
      }
      done();
    },
  });
  return { frames, queue: new SendQueue(out, { limit: 10_000, onFull: 'close' }) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('outbox: nothing leaves before it is opened; what opens it goes first; a turn is a frame', async () => {
  const { frames, queue } = sink();
  const outbox = new Outbox(queue);
  outbox.put('"early"');
  outbox.putLatest('k', '"old"');
  outbox.putLatest('k', '"new"');
  await turn();
  expect(frames).toEqual([]);
  outbox.open('"welcome"');
  expect(frames).toEqual(['["welcome","early","new"]']);
  outbox.put('1');
  outbox.putLatest('k', '2');
  outbox.put('3');
  outbox.putLatest('k', '4');
  await turn();
  expect(frames.slice(1)).toEqual(['[1,4,3]']);
});

test('a long poll misses nothing that happens while it looks', async () => {
  await using yard = await openYard();
  const { job } = await submit(yard, {});
  const over = {
    feed: yard.engine.feed,
    clock: yard.clock,
    filter: { job: job.id },
    ms: 1_000,
    signal: new AbortController().signal,
  };
  let looks = 0;
  await settle();
  const before = yard.clock.pending;
  const found = await awaitChange(over, async () => {
    if (++looks > 1) return looks;
    await yard.engine.command(admin, 'cancel', { job: job.id, kill: false });
    return null;
  });
  expect([found, yard.clock.pending]).toEqual([2, before]);
});

test('a long poll looks once more when its time is over, and leaves nothing behind', async () => {
  await using yard = await openYard();
  const end = new AbortController();
  await settle();
  const before = yard.clock.pending;
  const ask = (ms: number, signal = end.signal) => {
    let looks = 0;
    const over = { feed: yard.engine.feed, clock: yard.clock, filter: {}, ms, signal };
    return awaitChange(over, async () => (looks++ < 0 ? 1 : null)).then((found) => [found, looks]);
  };
  expect(await ask(0)).toEqual([null, 1]);
  const timed = ask(100);
  await yard.clock.advance(100);
  expect(await timed).toEqual([null, 2]);
  const left = ask(100);
  await settle();
  end.abort();
  expect(await left).toEqual([null, 2]);
  expect(yard.clock.pending).toBe(before);
});

test('requests that say the same have one hash', () => {
  expect(requestHash({ a: [1, { b: 2, c: null }], d: 'x' })).toBe(requestHash({ d: 'x', a: [1, { c: null, b: 2 }] }));
  expect(requestHash({ a: [1, 2] })).not.toBe(requestHash({ a: [2, 1] }));
  expect(requestHash({ a: '1' })).not.toBe(requestHash({ a: 1 }));
});

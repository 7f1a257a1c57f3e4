import { expect, test } from 'vitest';
import { type LiveValue, LiveValues } from '../src/live-values.ts';
import { FakeSystem } from './lib/fake-system.ts';

const value = (at: number): LiveValue => ({ at, bytes: Buffer.from(String(at)) });
const settled = () => new Promise((resolve) => setImmediate(resolve));

function place() {
  const system = new FakeSystem();
  const sent: number[] = [];
  let open = true;
  const live = new LiveValues(system, (_, { at }) => {
    if (open) sent.push(at);
    return open;
  });
  const clog = (yes: boolean) => {
    open = !yes;
  };
  return { system, sent, live, clog };
}

test('newest wins, at most one in a quarter of a second', async () => {
  const { system, sent, live } = place();
  live.watch(['a']);
  for (let at = 1; at <= 5; at += 1) {
    live.offer('a', () => value(at));
    await settled();
  }
  expect(sent).toEqual([1]);
  system.turn(249);
  await settled();
  expect(sent).toEqual([1]);
  system.turn(1);
  await settled();
  expect(sent).toEqual([1, 5]);
  system.turn(10_000);
  await settled();
  expect(sent).toEqual([1, 5]);
});

test('what nobody watches is not even made', async () => {
  const { sent, live } = place();
  let made = 0;
  live.offer('a', () => {
    made += 1;
    return value(made);
  });
  await settled();
  expect(made).toBe(0);
  live.watch(['a']);
  await settled();
  expect(sent).toEqual([1]);
  live.watch([]);
  live.offer('a', () => value(9));
  await settled();
  expect(sent).toEqual([1]);
});

test('a value that cannot leave, or cannot be had, is tried again, but not for ever', async () => {
  const { system, sent, live, clog } = place();
  clog(true);
  live.watch(['a']);
  live.offer('a', () => value(1));
  await settled();
  clog(false);
  system.turn(250);
  await settled();
  expect(sent).toEqual([1]);
  let tries = 0;
  live.offer('a', () => {
    tries += 1;
    return null;
  });
  for (let turn = 0; turn < 100; turn += 1) {
    system.turn(250);
    await settled();
  }
  expect(tries).toBe(40);
  live.offer('a', () => Promise.reject(new Error('no such file')));
  await settled();
  live.offer('a', () => value(2));
  system.turn(250);
  await settled();
  expect(sent).toEqual([1, 2]);
});

test('closed while a value is being made: it is not sent', async () => {
  const { sent, live } = place();
  const { promise, resolve } = Promise.withResolvers<LiveValue>();
  live.watch(['a']);
  live.offer('a', () => promise);
  live.close();
  resolve(value(1));
  await settled();
  expect(sent).toEqual([]);
});

import { expect, test } from 'vitest';
import { createFailureLimit, networkOf } from '../../src/auth/rate-limit.ts';
import { createFakeClock } from '../lib/fake-clock.ts';

function setUp(options: { maxEntries?: number } = {}) {
  const clock = createFakeClock();
  const limit = createFailureLimit({ clock, burst: 10, refillMs: 6_000, ...options });
  const fail = (remote: string, times: number) => {
    for (let i = 0; i < times; i++) limit.failed(remote);
  };
  return { clock, limit, fail };
}

test('nine failures are free, the tenth makes wait, until one has drained', async () => {
  const { clock, limit, fail } = setUp();
  fail('1.2.3.4', 9);
  expect(limit.wait('1.2.3.4')).toBe(0);
  fail('1.2.3.4', 1);
  expect(limit.wait('1.2.3.4')).toBe(6_000);
  await clock.advance(5_999);
  expect(limit.wait('1.2.3.4')).toBe(1);
  await clock.advance(1);
  expect(limit.wait('1.2.3.4')).toBe(0);
  fail('1.2.3.4', 1);
  expect(limit.wait('1.2.3.4')).toBe(6_000);
});

test('nobody is locked out for longer by failing more; a minute of good behaviour makes all good', async () => {
  const { clock, limit, fail } = setUp();
  fail('1.2.3.4', 1_000);
  expect(limit.wait('1.2.3.4')).toBe(6_000);
  await clock.advance(60_000);
  fail('1.2.3.4', 9);
  expect(limit.wait('1.2.3.4')).toBe(0);
});

test('a jump of the wall clock neither frees nor locks', () => {
  const { clock, limit, fail } = setUp();
  fail('1.2.3.4', 10);
  clock.jump(86_400_000);
  expect(limit.wait('1.2.3.4')).toBe(6_000);
});

test('the number of addresses is bounded; the one that failed longest ago goes, a drained one before', async () => {
  const { clock, limit, fail } = setUp({ maxEntries: 3 });
  fail('10.0.0.1', 10);
  fail('10.0.0.2', 10);
  fail('10.0.0.3', 10);
  fail('10.0.0.1', 1);
  fail('10.0.0.4', 10);
  expect(limit.size).toBe(3);
  expect(['1', '2', '3', '4'].map((last) => limit.wait(`10.0.0.${last}`) > 0)).toEqual([true, false, true, true]);
  for (let i = 0; i < 1_000; i++) limit.failed(`10.1.${i >> 8}.${i & 255}`);
  expect(limit.size).toBe(3);
  await clock.advance(60_000);
  limit.failed('10.0.0.9');
  expect(limit.size).toBe(1);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:0001:2::ffff', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('%s counts as %s', (remote, network) => expect(networkOf(remote)).toBe(network));

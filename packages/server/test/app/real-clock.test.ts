import { describe, expect, test } from 'vitest';
import { realClock, realRandom } from '../../src/app/real-clock.ts';

describe('real clock', () => {
  test('calls back once, not before its time', async () => {
    const began = realClock.monotonic();
    const ended = await new Promise<number>((resolve) => realClock.after(3, () => resolve(realClock.monotonic())));
    expect(ended).toBeGreaterThanOrEqual(began + 3);
  });

  test('a canceled timer does not fire, nor does one for longer than Node can wait', async () => {
    const seen: string[] = [];
    realClock.after(0, () => seen.push('canceled')).cancel();
    const long = realClock.after(3_000_000_000, () => seen.push('too early'));
    await new Promise<void>((resolve) => realClock.after(5, resolve));
    long.cancel();
    expect(seen).toEqual([]);
  });

  test('a timer does not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const timer = realClock.after(60_000, () => undefined);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
    timer.cancel();
  });
});

test('real random: shapes and no repetition', () => {
  expect(realRandom.secret(32)).toMatch(/^[\w-]{43}$/);
  expect(realRandom.secret(32)).not.toBe(realRandom.secret(32));
  expect(realRandom.uuid()).toMatch(/^[\da-f-]{36}$/);
  const dice = Array.from({ length: 100 }, () => realRandom.dice());
  expect(dice.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(new Set(dice).size).toBeGreaterThan(90);
});

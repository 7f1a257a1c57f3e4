import { expect, test } from 'vitest';
import { Backoff } from '../src/backoff.ts';
import { Reports } from '../src/reports.ts';
import { TimeLimits } from '../src/time-limits.ts';
import { FakeSystem } from './lib/fake-system.ts';

function limits(timeoutMs: number, silenceMs: number) {
  const system = new FakeSystem();
  const over: string[] = [];
  const state = { deaf: false };
  const watch = new TimeLimits(
    { timeoutMs, silenceMs },
    system,
    () => state.deaf,
    (why) => over.push(`${why} ${system.monotonic()}`),
  );
  return { system, over, watch, state };
}

test('the run limit stands still while suspended', () => {
  const { system, over, watch } = limits(1_000, 0);
  system.turn(600);
  watch.suspend();
  system.turn(5_000);
  watch.resume();
  system.turn(399);
  expect(over).toEqual([]);
  system.turn(1);
  expect(over).toEqual(['timeout 6000']);
});

test('silence counts from the last sign of life, and not while we do not listen', () => {
  const { system, over, watch, state } = limits(0, 100);
  system.turn(90);
  watch.heard();
  system.turn(90);
  watch.heard();
  state.deaf = true;
  system.turn(1_000);
  state.deaf = false;
  expect(over).toEqual([]);
  watch.suspend();
  system.turn(1_000);
  watch.resume();
  system.turn(99);
  expect(over).toEqual([]);
  system.turn(1);
  expect(over).toHaveLength(1);
});

test('no limits, no timers; closed, no timers', () => {
  expect(limits(0, 0).system.timers).toBe(0);
  const { system, watch } = limits(10, 10);
  watch.close();
  expect(system.timers).toBe(0);
});

test('reports: the first at once, then the newest every 250 ms, fields kept', () => {
  const system = new FakeSystem();
  const sent: unknown[] = [];
  const reports = new Reports(system, (report) => sent.push(report) > 0);
  const progress = (done: number) => ({ progress: { done, total: null, unit: null } });
  reports.offer(progress(1));
  reports.offer(progress(2));
  reports.offer({ phase: 'b' });
  reports.offer(progress(3));
  expect(sent).toEqual([progress(1)]);
  system.turn(249);
  expect(sent).toHaveLength(1);
  system.turn(1);
  expect(sent).toEqual([progress(1), { ...progress(3), phase: 'b' }]);
  system.turn(10_000);
  expect(sent).toHaveLength(2);
  expect(system.timers).toBe(0);
});

test('back-off doubles up to its bound, with jitter', () => {
  const backoff = new Backoff({ first: 200, most: 10_000 }, { dice: () => 1 });
  expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  backoff.reset();
  expect(backoff.next()).toBe(200);
  expect(new Backoff({ first: 200, most: 10_000 }, { dice: () => 0 }).next()).toBe(100);
});

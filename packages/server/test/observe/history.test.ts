import { expect, test } from 'vitest';
import { createHistory } from '../../src/observe/history.ts';
import { connect, openYard, settle, submit } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';

test('each step says what began and ended in it, and how things stood at its end; the oldest go', async () => {
  await using yard = await openYard();
  const history = createHistory(yard.clock);
  history.watch(yard.engine);
  await submit(yard, {});
  await submit(yard, {});
  const worker = await connect(yard, { slots: 2 });
  await settle();
  const [one, two] = worker.got.map(({ task }) => task.id);
  history.began({ attempt: 1, createdAt: yard.clock.now() - 400 } as never);
  history.began({ attempt: 1, createdAt: yard.clock.now() - 100 } as never);
  history.began({ attempt: 2, createdAt: 0 } as never);
  await worker.end(one as number);
  await worker.end(two as number, 'failed');
  await submit(yard, { hold: true });
  await yard.clock.advance(5_000);
  await until(() => history.points().length === 1);
  expect(history.points()[0]).toEqual({
    at: yard.clock.now(),
    started: 3,
    succeeded: 1,
    failed: 1,
    running: 0,
    waiting: 1,
    startMedianMs: 400,
    startSlowestMs: 400,
  });
  await yard.clock.advance(5_000);
  await until(() => history.points().length === 2);
  expect(history.points()[1]).toMatchObject({ started: 0, succeeded: 0, startMedianMs: null });
  for (let step = 0; step < 730; step++) {
    const before = history.points().at(-1);
    await yard.clock.advance(5_000);
    await until(() => history.points().at(-1) !== before);
  }
  expect(history.points().length).toBe(720);
  history.close();
  const last = history.points().at(-1);
  await yard.clock.advance(20_000);
  expect(history.points().at(-1)).toBe(last);
});

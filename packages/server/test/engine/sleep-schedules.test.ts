import { describe, expect, it } from 'vitest';
import type { SleepSchedule } from '../../src/domain/sleep-schedule.ts';
import { admin, connect, ok, openYard, submitter, type Yard } from './lib/yard.ts';

// The clock of a yard begins on Thursday, 1 January 2026, 00:00 UTC.
const hour = 3_600_000;
const schedule = (of: Partial<SleepSchedule>): SleepSchedule => ({
  ...{ active: true, days: [], start: 9 * 60, end: 18 * 60, zone: 'UTC' },
  ...of,
});

const wishes = (worker: { told: readonly { tell: string }[] }) => worker.told.filter(({ tell }) => tell === 'wish');

async function modeSaid(yard: Yard, worker: { id: number; session: number }, mode: 'asleep' | 'awake') {
  const said = { reported: null, total: null, info: null, mode, seenAt: null };
  ok(await yard.engine.command(admin, 'refresh', { worker: worker.id, session: worker.session, ...said }));
}

describe('sleep schedules', () => {
  it('ask the worker at the boundary, once, and not by polling', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const set = ok(await yard.engine.sleepSchedules.set(admin, worker.id, schedule({})));
    expect(set.nextCheck).toBe(yard.clock.now() + 9 * hour);
    expect(wishes(worker)).toEqual([]);
    await yard.clock.advance(9 * hour - 1);
    expect(wishes(worker)).toEqual([]);
    await yard.clock.advance(1);
    expect(wishes(worker)).toEqual([{ tell: 'wish', mode: 'asleep', lazy: false }]);
    await modeSaid(yard, worker, 'asleep');
    // By hand: holds until the next boundary.
    ok(await yard.engine.command(admin, 'wish', { worker: worker.id, mode: 'awake', lazy: false }));
    await modeSaid(yard, worker, 'awake');
    await yard.clock.advance(8 * hour);
    expect(wishes(worker)).toHaveLength(2);
    await yard.clock.advance(hour);
    expect(ok(await yard.engine.query.worker(admin, worker.id))).toMatchObject({ mode: 'awake', wanted: null });
    await yard.clock.advance(15 * hour);
    expect(wishes(worker).at(-1)).toEqual({ tell: 'wish', mode: 'asleep', lazy: false });
  });

  it('take effect when they are set', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    ok(await yard.engine.sleepSchedules.set(admin, worker.id, schedule({ start: 22 * 60, end: 6 * 60 })));
    await yard.clock.advance(0);
    expect(wishes(worker)).toEqual([{ tell: 'wish', mode: 'asleep', lazy: false }]);
  });

  it('what came due while the server was down is made up for', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    ok(await yard.engine.sleepSchedules.set(admin, worker.id, schedule({})));
    yard.clock.jump(10 * hour);
    await yard.restart();
    expect(ok(await yard.engine.query.worker(admin, worker.id)).wanted).toEqual({ mode: 'asleep', lazy: false });
    expect(yard.engine.sleepSchedules.of(worker.id)?.nextCheck).toBe(yard.clock.now() + 8 * hour);
  });

  it('a wall clock that is set forward is noticed within the hour', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    ok(await yard.engine.sleepSchedules.set(admin, worker.id, schedule({})));
    yard.clock.jump(10 * hour);
    await yard.clock.advance(hour);
    expect(wishes(worker)).toHaveLength(1);
  });

  it('need the right, a worker and a zone; go with the worker', async () => {
    await using yard = await openYard();
    const { id } = await connect(yard);
    const { sleepSchedules } = yard.engine;
    expect(await sleepSchedules.set(submitter, id, schedule({}))).toHaveProperty('refusal.code', 'forbidden');
    expect(await sleepSchedules.set(admin, 999, schedule({}))).toHaveProperty('refusal.code', 'not_found');
    expect(await sleepSchedules.set(admin, id, schedule({ zone: 'No/Where' }))).toHaveProperty('refusal.code', 'invalid');
    ok(await sleepSchedules.set(admin, id, schedule({})));
    ok(await yard.engine.command(admin, 'forget', { worker: id, force: true }));
    await yard.clock.advance(0);
    expect(sleepSchedules.of(id)).toBeNull();
    expect(await yard.store.records.list('sleep-schedule')).toEqual([]);
  });
});

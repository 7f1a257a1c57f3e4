import { describe, expect, it } from 'vitest';
import { stateOf } from '../engine/lib/ask.ts';
import { faultsIn } from '../engine/lib/checker.ts';
import { connect, openYard, ourProfile, settle, submit, type Yard } from '../engine/lib/yard.ts';

const day = 86_400_000;
const minute = 60_000;

const at = (yard: Yard, ms: number): string => new Date(yard.clock.now() + ms).toISOString();

describe.each([
  ['forth by three days', 3 * day],
  ['back by three days', -3 * day],
])('the wall clock is set %s', (_, jump) => {
  it('and no worker with a live connection or lease loses its task', async () => {
    await using yard = await openYard({ onDisk: true });
    const connected = await connect(yard, { name: 'ours' });
    const leased = await connect(yard, { name: 'polls', key: 'k', asks: true, profile: { ...ourProfile, leaseMs: 30_000 } });
    const mine = (await submit(yard, {})).taskIds[0]!;
    await settle();
    expect(connected.got.map(({ task }) => task.id)).toEqual([mine]);
    yard.clock.jump(jump);
    for (let i = 0; i < 6; i++) {
      leased.handle.alive();
      await yard.clock.advance(10_000);
    }
    await settle();
    expect(await stateOf(yard, mine)).toBe('running');
    expect((await yard.store.query.workers()).map(({ status }) => status)).toEqual(['online', 'online']);
    // Silence still ends a lease, by the clock that does not jump.
    await yard.clock.advance(2 * minute);
    await settle();
    expect((await yard.store.query.worker(leased.id))?.status).not.toBe('online');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('and run times and silences are measured as before', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const task = (await submit(yard, { spec: { argv: ['x'], cwd: '/', timeoutMs: 10 * minute } })).taskIds[0]!;
    await settle();
    yard.clock.jump(jump);
    await yard.clock.advance(9 * minute);
    await settle();
    expect(await stateOf(yard, task)).toBe('running');
    await yard.clock.advance(2 * minute);
    await settle();
    expect(worker.told.some(({ tell }) => tell === 'kill')).toBe(true);
  });

  it('and a grace lasts as long as it should', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 15_000 } });
    const task = (await submit(yard, {})).taskIds[0]!;
    await settle();
    void worker.handle.lost();
    await settle();
    yard.clock.jump(jump);
    await yard.clock.advance(10_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('running');
    await yard.clock.advance(10_000);
    await settle();
    expect(await stateOf(yard, task)).not.toBe('running');
  });

  it('and an offer that nobody answers comes back in its time', async () => {
    await using yard = await openYard();
    const first = await connect(yard, { onlyOffers: true, slots: 1 });
    const task = (await submit(yard, {})).taskIds[0]!;
    await settle();
    expect(first.offered.map(({ task: one }) => one.id)).toEqual([task]);
    const second = await connect(yard, { onlyOffers: true, slots: 1, name: 'second' });
    yard.clock.jump(jump);
    await yard.clock.advance(2 * minute);
    await settle();
    expect(second.offered.map(({ task: one }) => one.id)).toEqual([task]);
  });
});

describe('a start time', () => {
  it('that a jump forth has passed is kept within a minute', async () => {
    await using yard = await openYard();
    const task = (await submit(yard, { notBefore: at(yard, day) })).taskIds[0]!;
    await yard.clock.advance(minute);
    expect(await stateOf(yard, task)).toBe('waiting');
    yard.clock.jump(2 * day);
    await yard.clock.advance(minute);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
  });

  it('that a jump back has put off is waited for by the wall clock', async () => {
    await using yard = await openYard();
    const task = (await submit(yard, { notBefore: at(yard, 10 * minute) })).taskIds[0]!;
    await yard.clock.advance(minute);
    yard.clock.jump(-20 * minute);
    await yard.clock.advance(15 * minute);
    await settle();
    expect(await stateOf(yard, task)).toBe('waiting');
    await yard.clock.advance(15 * minute);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
  });
});

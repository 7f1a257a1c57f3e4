import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { does, graph, jobOf, stateOf } from './lib/ask.ts';
import { faultsIn } from './lib/checker.ts';
import { admin, connect, openYard, ourProfile, settle, submit } from './lib/yard.ts';

/** A store whose disk can be full: everything is refused then, as the real one does. */
function fillable() {
  const disk = { full: false };
  const around = (store: Store): Store => ({
    ...store,
    async run(commands, lane) {
      if (!disk.full) return store.run(commands, lane);
      const refusal = { code: 'storage', detail: 'database or disk is full' } as const;
      const wake = { classes: [], workers: [], due: [], sweeps: false };
      return { answers: commands.map(() => ({ refusal })), changes: [], wake };
    },
  });
  return { disk, around };
}

describe('a disk that is full for a while', () => {
  it('refuses what people ask', async () => {
    const { disk, around } = fillable();
    await using yard = await openYard({ around });
    disk.full = true;
    const { refusal } = await yard.engine.command(admin, 'setPool', { name: 'p', total: 1 });
    expect(refusal?.code).toBe('storage');
  });

  it('does not make a lost connection forgotten', async () => {
    const { disk, around } = fillable();
    await using yard = await openYard({ around, onDisk: true });
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 0 } });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    disk.full = true;
    void worker.handle.lost();
    await yard.clock.advance(10_000);
    expect(await stateOf(yard, task)).toBe('running');
    disk.full = false;
    await yard.clock.advance(2_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('does not leave a sweep, a due moment or a waiting worker behind', async () => {
    const { disk, around } = fillable();
    await using yard = await openYard({ around, onDisk: true });
    const notBefore = new Date(yard.clock.now() + 5_000).toISOString();
    const { job } = await submit(yard, graph(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`t${i}`, []]))));
    const later = await submit(yard, { notBefore });
    await does(yard, 'cancel', { job: job.id, kill: true });
    disk.full = true;
    await settle();
    const worker = connect(yard).catch(() => null);
    await yard.clock.advance(20_000);
    expect((await jobOf(yard, job.id)).state).toBe('canceling');
    expect(await worker).toBeNull();
    disk.full = false;
    const second = await connect(yard);
    disk.full = true;
    await yard.clock.advance(3_000);
    disk.full = false;
    await yard.clock.advance(3_000);
    await settle();
    expect((await jobOf(yard, job.id)).state).toBe('canceled');
    expect(second.got.map(({ task }) => task.id)).toEqual(later.taskIds);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('does not keep the server from closing', async () => {
    const { disk, around } = fillable();
    const yard = await openYard({ around });
    const worker = await connect(yard);
    disk.full = true;
    void worker.handle.lost();
    await settle();
    await yard.close();
  });
});

import { describe, expect, it } from 'vitest';
import { createHealth } from '../../src/observe/health.ts';
import type { Store } from '../../src/ports/store.ts';
import { openApiYard } from '../api/lib/api-yard.ts';
import { does, stateOf } from '../engine/lib/ask.ts';
import { faultsIn } from '../engine/lib/checker.ts';
import { admin, connect, openYard, ourProfile, settle, submit } from '../engine/lib/yard.ts';

/** A store whose disk can stop answering: what is handed in waits, in order, until it answers again. */
function slowed() {
  let gate: PromiseWithResolvers<void> | null = null;
  let waiting = 0;
  const around = (store: Store): Store => ({
    ...store,
    async run(commands, lane) {
      if (gate !== null) {
        waiting += 1;
        await gate.promise;
        waiting -= 1;
      }
      return store.run(commands, lane);
    },
  });
  return {
    around,
    stop: () => (gate ??= Promise.withResolvers()),
    go() {
      gate?.resolve();
      gate = null;
    },
    get waiting() {
      return waiting;
    },
  };
}

describe('a disk that does not answer for a while', () => {
  it('takes no task from a worker that shows signs of life, and answers in order what was asked meanwhile', async () => {
    const disk = slowed();
    await using yard = await openYard({ around: disk.around, onDisk: true });
    const worker = await connect(yard, { slots: 2, profile: { ...ourProfile, leaseMs: 30_000 } });
    const running = (await submit(yard, {})).taskIds[0]!;
    await settle();
    disk.stop();
    const asked = Promise.all([does(yard, 'setPool', { name: 'p', total: 1 }), does(yard, 'setPool', { name: 'p', total: 2 })]);
    const late = submit(yard, {});
    for (let i = 0; i < 30; i++) {
      worker.handle.alive();
      await yard.clock.advance(10_000);
    }
    expect(disk.waiting).toBeGreaterThan(0);
    expect(await stateOf(yard, running)).toBe('running');
    disk.go();
    await asked;
    const { taskIds } = await late;
    await settle();
    expect((await yard.store.query.pools()).map(({ total }) => total)).toEqual([2]);
    expect([await stateOf(yard, running), await stateOf(yard, taskIds[0]!)]).toEqual(['running', 'running']);
    expect(worker.got.map(({ task }) => task.id).sort()).toEqual([running, taskIds[0]!].sort());
    expect(faultsIn(yard.rows())).toEqual([]);
    expect(yard.errors).toEqual([]);
  });

  it('a worker that went silent meanwhile is lost once, when the disk answers again', async () => {
    const disk = slowed();
    await using yard = await openYard({ around: disk.around, onDisk: true });
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 15_000 } });
    const task = (await submit(yard, {})).taskIds[0]!;
    await settle();
    disk.stop();
    void worker.handle.lost();
    await yard.clock.advance(60_000);
    expect(await stateOf(yard, task)).toBe('running');
    disk.go();
    await settle();
    // The grace is counted from the moment at which the loss could be written down.
    await yard.clock.advance(20_000);
    await settle();
    const shown = await yard.engine.query.task(admin, task);
    expect([shown.value?.task.state.state, shown.value?.task.losses]).toEqual(['ready', 1]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('is no readiness, while health, reading and other connections go on', async () => {
    await using api = await openApiYard();
    const health = createHealth(api.yard.clock, [() => new Promise<string | null>(() => {})]);
    health.ready();
    const ready = health.notReady();
    expect((await api.as('admin').health()).status).toBe('ok');
    expect((await api.as('admin').jobs.list()).jobs).toEqual([]);
    await api.yard.clock.advance(5_000);
    expect(await ready).toContain('has not answered');
  });
});

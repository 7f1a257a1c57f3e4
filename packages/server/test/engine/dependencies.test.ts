import { describe, expect, it } from 'vitest';
import { does, graph, jobOf, shell, stateOf, statesOf, taskOf } from './lib/ask.ts';
import { faultsIn } from './lib/checker.ts';
import { connect, openYard, settle, submit } from './lib/yard.ts';

describe('jobs that wait for jobs', () => {
  it('run when every one of them has succeeded', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const a = await submit(yard, {});
    const b = await submit(yard, { spec: shell({ array: { from: 0, to: 2 } }) });
    const c = await submit(yard, { after: [a.job.id, b.job.id], ...graph({ x: [], y: [], z: ['x', 'y'] }) });
    await settle();
    for (const { task } of [...worker.got].slice(0, 3)) await worker.end(task.id);
    await settle();
    expect(await statesOf(yard, c.taskIds)).toEqual(['waiting', 'waiting', 'waiting']);
    await worker.end(worker.got[3]!.task.id);
    await settle();
    expect(await statesOf(yard, c.taskIds)).toEqual(['running', 'running', 'waiting']);
  });

  it('one that has succeeded already is not waited for; one that has failed takes the new one with it', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const good = await submit(yard, {});
    const bad = await submit(yard, {});
    await settle();
    await worker.end(good.taskIds[0]!);
    await settle();
    await worker.end(bad.taskIds[0]!, 'failed');
    const after = await submit(yard, { after: [good.job.id] });
    const never = await submit(yard, { after: [good.job.id, bad.job.id] });
    await settle();
    expect(await statesOf(yard, [...after.taskIds, ...never.taskIds])).toEqual(['running', 'canceled']);
    expect((await taskOf(yard, never.taskIds[0]!)).state).toMatchObject({ reason: 'dependency' });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('one that fails later takes a chain with it; tried again, the chain revives', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const a = await submit(yard, {});
    const b = await submit(yard, { after: [a.job.id] });
    const c = await submit(yard, { after: [b.job.id], spec: shell({ array: { from: 0, to: 999 } }) });
    await settle();
    await worker.end(a.taskIds[0]!, 'failed');
    await settle();
    expect([await jobOf(yard, b.job.id), await jobOf(yard, c.job.id)]).toMatchObject([
      { state: 'canceled' },
      { state: 'canceled' },
    ]);
    await does(yard, 'retry', { job: a.job.id });
    await settle();
    expect(await jobOf(yard, c.job.id)).toMatchObject({ state: 'waiting', counts: { waiting: 1_000 } });
    for (const id of [...a.taskIds, ...b.taskIds]) {
      await worker.end(id);
      await settle();
    }
    expect(await jobOf(yard, c.job.id)).toMatchObject({ state: 'active', counts: { running: 1, ready: 999 } });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('a parent lost and tried again before its children heard of it harms nobody', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const a = await submit(yard, {});
    const b = await submit(yard, { after: [a.job.id] });
    await settle();
    // All in one breath: the sweeps come after both.
    await Promise.all([worker.end(a.taskIds[0]!, 'failed'), does(yard, 'retry', { job: a.job.id })]);
    await settle();
    expect(await stateOf(yard, b.taskIds[0]!)).toBe('waiting');
    await yard.clock.advance(40_000);
    await worker.end(a.taskIds[0]!, 'failed');
    await settle();
    expect(await stateOf(yard, b.taskIds[0]!)).toBe('canceled');
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('tasks that wait for tasks', () => {
  it('one lost parent of two cancels; both must be well again to revive', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 2 });
    const { taskIds } = await submit(yard, graph({ a: [], b: [], c: ['a', 'b'] }));
    const [a, b, c] = taskIds as [number, number, number];
    await settle();
    await worker.end(a, 'failed');
    await worker.end(b, 'failed');
    await settle();
    expect(await stateOf(yard, c)).toBe('canceled');
    await does(yard, 'retryTask', { task: a });
    await settle();
    expect(await stateOf(yard, c)).toBe('canceled');
    await does(yard, 'retryTask', { task: b });
    await settle();
    expect(await taskOf(yard, c)).toMatchObject({ state: { state: 'waiting' }, parentsLeft: 2 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('a parent that succeeds counts for a child that is canceled for another one', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 2 });
    const { taskIds } = await submit(yard, graph({ a: [], b: [], c: ['a', 'b'] }));
    const [a, b, c] = taskIds as [number, number, number];
    await settle();
    await worker.end(a, 'failed');
    await settle();
    await worker.end(b);
    await settle();
    expect(await taskOf(yard, c)).toMatchObject({ state: { state: 'canceled' }, parentsLeft: 1 });
    await does(yard, 'retryTask', { task: a });
    await yard.clock.advance(40_000);
    await settle();
    await worker.end(a);
    await settle();
    expect(await stateOf(yard, c)).toBe('running');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('what somebody canceled by hand is not revived with its parent', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'], c: ['a'] }));
    const [a, b, c] = taskIds as [number, number, number];
    await settle();
    await does(yard, 'stop', { task: b, goal: 'canceled', reason: 'user', kill: false });
    await worker.end(a, 'failed');
    await settle();
    await does(yard, 'retryTask', { task: a });
    await settle();
    expect(await statesOf(yard, [b, c])).toEqual(['canceled', 'waiting']);
  });

  it('a fan-out of 1,000 children hears of its parent in pages', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const children = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`c${i}`, ['a']]));
    const { job, taskIds } = await submit(yard, graph({ a: [], ...children }));
    await settle();
    await worker.end(taskIds[0]!);
    await settle();
    expect((await jobOf(yard, job.id)).counts).toMatchObject({ succeeded: 1, running: 1, ready: 999 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('a chain that is lost at its head is lost to its end', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const chain = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`c${i}`, i === 0 ? [] : [`c${i - 1}`]]));
    const { job, taskIds } = await submit(yard, graph(chain));
    await settle();
    await worker.end(taskIds[0]!, 'failed');
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'failed', counts: { failed: 1, canceled: 59 } });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('an array that lost one task and gets it back lets its children run', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 4 });
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'] }, { a: { array: { from: 0, to: 2 } } }));
    const [a, b] = taskIds as [number, number];
    await settle();
    await worker.end(a);
    await worker.end(a + 1, 'failed');
    await worker.end(a + 2);
    await settle();
    expect(await stateOf(yard, b)).toBe('canceled');
    await does(yard, 'retryTask', { task: a + 1 });
    await yard.clock.advance(40_000);
    await settle();
    await worker.end(a + 1);
    await settle();
    expect(await stateOf(yard, b)).toBe('running');
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

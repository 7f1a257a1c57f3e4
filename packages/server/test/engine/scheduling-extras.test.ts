import { describe, expect, it } from 'vitest';
import { compile } from '../../src/kinds/index.ts';
import { does, jobOf, refused, shell, stateOf, taskOf } from './lib/ask.ts';
import { admin, connect, ok, openYard, settle, submit, type Yard } from './lib/yard.ts';

const iso = (yard: Yard, inMs: number): string => new Date(yard.clock.now() + inMs).toISOString();

describe('deadlines', () => {
  it('not ended by then: what waits is canceled, what runs is told to end, and both say why', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const { job, taskIds } = await submit(yard, { spec: { ...shell(), array: { from: 0, to: 4 } }, deadline: iso(yard, 60_000) });
    await settle();
    await yard.clock.advance(59_000);
    await settle();
    expect([(await jobOf(yard, job.id)).state, worker.told]).toEqual(['active', []]);
    await yard.clock.advance(2_000);
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'kill', task: { id: taskIds[0] } }]);
    expect((await taskOf(yard, taskIds[0]! + 3)).state).toMatchObject({ state: 'canceled', reason: 'deadline' });
    await worker.end(taskIds[0]!, 'failed');
    expect((await taskOf(yard, taskIds[0]!)).state).toMatchObject({ state: 'canceled', reason: 'deadline' });
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', deadline: job.deadline });
  });

  it('ended before: nothing happens; held, waiting and half-canceled ones are due all the same', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const done = await submit(yard, { spec: shell(), deadline: iso(yard, 60_000) });
    await settle();
    await worker.end(done.taskIds[0]!);
    const held = await submit(yard, { spec: shell(), hold: true, deadline: iso(yard, 60_000) });
    const later = await submit(yard, { spec: shell(), notBefore: iso(yard, 600_000), deadline: iso(yard, 60_000) });
    const other = await submit(yard, { spec: shell(), hold: true });
    await yard.clock.advance(61_000);
    await settle();
    const states = await Promise.all([done, held, later, other].map(async ({ job }) => (await jobOf(yard, job.id)).state));
    expect(states).toEqual(['succeeded', 'canceled', 'canceled', 'held']);
  });

  it('survives a restart, also one over the moment itself', async () => {
    await using yard = await openYard();
    const { job } = await submit(yard, { spec: shell(), deadline: iso(yard, 60_000) });
    const { job: second } = await submit(yard, { spec: shell(), deadline: iso(yard, 120_000) });
    await yard.restart();
    await yard.clock.advance(60_000);
    await settle();
    expect([(await jobOf(yard, job.id)).state, (await jobOf(yard, second.id)).state]).toEqual(['canceled', 'waiting']);
    await yard.engine.command(admin, 'hold', { job: second.id });
    await yard.restart({ crashed: true });
    await yard.clock.advance(60_000);
    await settle();
    expect((await jobOf(yard, second.id)).state).toBe('canceled');
  });

  it('tried again afterwards it has none; one in the past is refused', async () => {
    await using yard = await openYard();
    const { job, taskIds } = await submit(yard, { spec: shell(), deadline: iso(yard, 1_000) });
    await yard.clock.advance(1_000);
    await settle();
    await does(yard, 'retry', { job: job.id });
    await yard.clock.advance(60_000);
    await settle();
    expect([await stateOf(yard, taskIds[0]!), (await jobOf(yard, job.id)).deadline]).toEqual(['ready', null]);
    const plan = ok(compile({ spec: shell(), deadline: iso(yard, -1) } as never));
    expect((await yard.engine.submit(admin, plan)).refusal).toMatchObject({ code: 'invalid', at: '/deadline' });
  });
});

describe('after: must have succeeded, or only have ended', () => {
  it('begins whatever became of the job before: succeeded, failed, canceled, ended already', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const befores = await Promise.all([1, 2, 3].map(() => submit(yard, { spec: shell() })));
    const [good, bad, ugly] = befores as [(typeof befores)[0], (typeof befores)[0], (typeof befores)[0]];
    const afterAny = befores.map(({ job }) => job.id);
    const any = await submit(yard, { spec: shell(), afterAny });
    const strict = await submit(yard, { spec: shell(), after: afterAny });
    await settle();
    await worker.end(good.taskIds[0]!);
    await worker.end(bad.taskIds[0]!, 'failed');
    await settle();
    expect([await stateOf(yard, any.taskIds[0]!), await stateOf(yard, strict.taskIds[0]!)]).toEqual(['waiting', 'canceled']);
    await does(yard, 'cancel', { job: ugly.job.id, kill: true });
    await settle();
    await worker.end(ugly.taskIds[0]!, 'failed');
    await settle();
    expect(await stateOf(yard, any.taskIds[0]!)).toBe('running');
    const late = await submit(yard, { spec: shell(), afterAny });
    await settle();
    expect(await stateOf(yard, late.taskIds[0]!)).toBe('running');
  });

  it('a job that is tried again after its end takes nothing back; one that is waited for is named in why', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const before = await submit(yard, { spec: shell() });
    const other = await submit(yard, { spec: shell() });
    const child = await submit(yard, {
      spec: { ...shell(), array: { from: 0, to: 3 } },
      afterAny: [before.job.id, other.job.id],
    });
    await settle();
    await worker.end(before.taskIds[0]!, 'failed');
    await settle();
    await does(yard, 'retry', { job: before.job.id });
    await settle();
    const why = await does(yard, 'why', { job: child.job.id });
    expect(why.tasks[0]!.causes).toMatchObject([{ code: 'parent', parent: { kind: 'job', id: other.job.id } }]);
    await worker.end(other.taskIds[0]!, 'failed');
    await settle();
    expect((await jobOf(yard, child.job.id)).counts.running).toBe(4);
  });

  it('named both ways it must succeed; an unknown one is refused', async () => {
    await using yard = await openYard();
    const before = await submit(yard, { spec: shell() });
    const child = await submit(yard, { spec: shell(), after: [before.job.id], afterAny: [before.job.id] });
    await does(yard, 'cancel', { job: before.job.id, kill: true });
    await settle();
    expect(await stateOf(yard, child.taskIds[0]!)).toBe('canceled');
    const plan = ok(compile({ spec: shell(), afterAny: [99] } as never));
    expect((await yard.engine.submit(admin, plan)).refusal?.code).toBe('unknown_parent');
    expect(await refused(yard, 'retryTask', { task: child.taskIds[0]! })).toBe('wrong_state');
  });
});

import { describe, expect, it } from 'vitest';
import { compile } from '../../src/kinds/index.ts';
import { does, jobOf, refused, shell, stateOf, statesOf, taskOf } from './lib/ask.ts';
import {
  admin,
  connect,
  kueueProfile,
  ok,
  openYard,
  settle,
  submit,
  submitter,
  type TestWorker,
  workerPrincipal,
  type Yard,
} from './lib/yard.ts';

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

describe('limits: so many under a key at once', () => {
  const limited = (key: string, max: number, more: Record<string, unknown> = {}) => ({
    spec: shell(),
    limit: { key, max },
    ...more,
  });

  it('over all jobs of an owner, over workers, while stopping too; gone with the last', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { slots: 9 });
    const b = await connect(yard, { slots: 9, name: 'b' });
    const first = await submit(yard, { ...limited('db', 3), spec: { ...shell(), array: { from: 0, to: 4 } } });
    const second = await submit(yard, limited('db', 3));
    await settle();
    const running = () => a.got.length + b.got.length;
    expect([running(), await stateOf(yard, second.taskIds[0]!)]).toEqual([3, 'ready']);
    const [one] = [...a.got, ...b.got];
    await does(yard, 'stop', { task: one!.task.id, goal: 'canceled', reason: 'user', kill: true });
    await settle();
    expect(running()).toBe(3);
    for (const worker of [a, b]) for (const { task } of [...worker.got]) await worker.end(task.id);
    await settle();
    expect(running()).toBe(6);
    for (const worker of [a, b]) for (const { task } of worker.got.slice(0)) await worker.end(task.id);
    await settle();
    expect([(await jobOf(yard, first.job.id)).state, (await jobOf(yard, second.job.id)).state]).toEqual([
      'canceled',
      'succeeded',
    ]);
    expect(await yard.engine.query.pools(admin)).toEqual([]);
  });

  it('each job obeys its own number; other keys and other owners have their own', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    await submit(yard, limited('k', 1));
    await settle();
    const generous = await submit(yard, { ...limited('k', 2), spec: { ...shell(), array: { from: 0, to: 1 } } });
    const strict = await submit(yard, limited('k', 1));
    const other = await submit(yard, limited('other', 1));
    const foreign = await submit(yard, limited('k', 1), submitter);
    await settle();
    expect((await jobOf(yard, generous.job.id)).counts.running).toBe(1);
    expect(await statesOf(yard, [strict.taskIds[0]!, other.taskIds[0]!, foreign.taskIds[0]!])).toEqual([
      'ready',
      'running',
      'running',
    ]);
    expect((await does(yard, 'why', { task: strict.taskIds[0]! })).tasks[0]!.causes).toEqual([
      { code: 'limit', key: 'token:1/k', max: 1, used: 2 },
    ]);
    expect(worker.got.length).toBe(4);
  });

  it('counts what is shown to workers that choose, and frees it when they decline', async () => {
    await using yard = await openYard();
    const chooser = await connect(yard, { onlyOffers: true, offers: 5, slots: 9, profile: kueueProfile });
    await submit(yard, { ...limited('k', 1), spec: { ...shell(), array: { from: 0, to: 3 } } });
    await settle();
    expect(chooser.offered.length).toBe(1);
    await yard.engine.command(workerPrincipal, 'decline', {
      task: chooser.offered[0]!.task.id,
      session: chooser.session,
      how: 'reject',
    });
    await settle();
    expect(chooser.offered.length).toBe(2);
  });

  it("a pool of that sort of name is nobody's to make", async () => {
    await using yard = await openYard();
    expect(await refused(yard, 'setPool', { name: 'limit:x', total: 3 })).toBe('invalid');
  });
});

describe('rates: so many under a key begin within an interval', () => {
  it('no more than that in any interval, and on as soon as it is over, without anybody asking', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const rate = { key: 'api', max: 2, perMs: 10_000 };
    const { taskIds } = await submit(yard, { spec: { ...shell(), array: { from: 0, to: 4 } }, rate });
    await settle();
    expect(worker.got.length).toBe(2);
    await worker.end(taskIds[0]!);
    await settle();
    expect(worker.got.length).toBe(2);
    const causes = (await does(yard, 'why', { task: taskIds[0]! + 2 })).tasks[0]!.causes;
    expect(causes).toEqual([{ code: 'rate', ...rate, key: 'token:1/api', until: yard.clock.now() + 10_000 }]);
    await yard.clock.advance(9_000);
    await settle();
    expect(worker.got.length).toBe(2);
    await yard.clock.advance(1_000);
    await settle();
    expect(worker.got.length).toBe(4);
    await yard.restart();
    const again = await connect(yard, { slots: 9, name: 'again' });
    await yard.clock.advance(9_999);
    await settle();
    expect(again.got.length).toBe(0);
    await yard.clock.advance(1);
    await settle();
    expect(again.got.length).toBe(1);
  });

  it('an offer counts until it is answered', async () => {
    await using yard = await openYard();
    const chooser = await connect(yard, { onlyOffers: true, offers: 5, slots: 9, profile: kueueProfile });
    await submit(yard, { spec: { ...shell(), array: { from: 0, to: 3 } }, rate: { key: 'r', max: 1, perMs: 10_000 } });
    await settle();
    await yard.clock.advance(30_000);
    await settle();
    expect(chooser.offered.length).toBe(1);
    const { session } = chooser;
    ok(await yard.engine.command(workerPrincipal, 'accept', { task: chooser.offered[0]!.task.id, session }));
    await yard.clock.advance(9_000);
    await settle();
    expect(chooser.offered.length).toBe(1);
    await yard.clock.advance(1_000);
    await settle();
    expect(chooser.offered.length).toBe(2);
    await yard.engine.command(workerPrincipal, 'decline', { task: chooser.offered[1]!.task.id, session, how: 'reject' });
    await settle();
    expect(chooser.offered.length).toBe(3);
  });
});

describe('fairness between owners', () => {
  /** Ends what runs, one after the other, each after so long; gives whose turn it was. */
  async function turns(yard: Yard, worker: TestWorker, n: number, ms: (owner: string) => number): Promise<string> {
    let seen = '';
    for (let i = 0; i < n; i++) {
      await settle();
      const { task, owner } = worker.got[i]!;
      seen += owner === admin.id ? 'a' : 'b';
      await yard.clock.advance(ms(owner));
      await worker.end(task.id);
    }
    return seen;
  }
  const many = { ...shell(), array: { from: 0, to: 99 } };
  const share = (seen: string, of: string): number => [...seen].filter((one) => one === of).length;

  it('owners take turns, however much one of them has handed in before; without it age decides', async () => {
    for (const fairness of [true, false]) {
      await using yard = await openYard({ fairness });
      await submit(yard, { spec: many });
      await submit(yard, { spec: many }, submitter);
      const worker = await connect(yard, { slots: 1 });
      const seen = await turns(yard, worker, 20, () => 2_000);
      expect([fairness, share(seen, 'b')]).toEqual([fairness, fairness ? 10 : 0]);
    }
  });

  it('time counts, not tasks: who runs long ones gets fewer', async () => {
    await using yard = await openYard({ fairness: true });
    await submit(yard, { spec: many });
    await submit(yard, { spec: many }, submitter);
    const worker = await connect(yard, { slots: 1 });
    const seen = await turns(yard, worker, 44, (owner) => (owner === admin.id ? 20_000 : 2_000));
    // One of 20 s to about ten of 2 s.
    expect(share(seen, 'a')).toBeGreaterThanOrEqual(3);
    expect(share(seen, 'a')).toBeLessThanOrEqual(5);
  });

  it('who comes late is not owed the past, and what runs now counts', async () => {
    await using yard = await openYard({ fairness: true });
    await submit(yard, { spec: many });
    const worker = await connect(yard, { slots: 1 });
    await turns(yard, worker, 30, () => 2_000);
    await settle();
    await submit(yard, { spec: many }, submitter);
    worker.got.splice(0, worker.got.length - 1);
    const seen = await turns(yard, worker, 20, () => 2_000);
    expect(share(seen, 'b')).toBeGreaterThanOrEqual(8);
    expect(share(seen, 'b')).toBeLessThanOrEqual(13);
  });

  it('the priority of a job comes first; within an owner everything is as ever', async () => {
    await using yard = await openYard({ fairness: true });
    await submit(yard, { spec: many });
    const urgent = await submit(yard, { spec: { ...shell(), array: { from: 0, to: 9 } }, priority: 5 }, submitter);
    const worker = await connect(yard, { slots: 1 });
    expect(await turns(yard, worker, 12, () => 1_000)).toMatch(/^b{10}a/);
    expect((await jobOf(yard, urgent.job.id)).state).toBe('succeeded');
    await settle();
    const low = await submit(yard, { spec: shell({ priority: 1 }) }, submitter);
    const high = await submit(yard, { spec: shell({ priority: 9 }) }, submitter);
    worker.got.splice(0, worker.got.length - 1);
    await turns(yard, worker, 6, () => 1_000);
    const order = worker.got.map(({ task }) => task.id);
    expect(order.indexOf(high.taskIds[0]!)).toBeLessThan(order.indexOf(low.taskIds[0]!));
  });

  it('many at once are dealt out in turns too', async () => {
    await using yard = await openYard({ fairness: true });
    await submit(yard, { spec: many });
    await submit(yard, { spec: many }, submitter);
    const worker = await connect(yard, { slots: 40 });
    await settle();
    expect(worker.got.filter(({ owner }) => owner === admin.id).length).toBe(20);
  });
});

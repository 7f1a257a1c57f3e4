import { describe, expect, it } from 'vitest';
import { threeWorkers, weekMs } from '../../src/domain/candidates.ts';
import type { RetryPolicy } from '../../src/domain/task.ts';
import { compile } from '../../src/kinds/index.ts';
import { shell, stateOf, taskOf } from './lib/ask.ts';
import { admin, connect, ok, openYard, settle, type TestWorker, type Yard } from './lib/yard.ts';

/** A job as render jobs are: several tasks of one kind, tried on three workers. */
async function render(yard: Yard, n: number, policy: Partial<RetryPolicy> = {}) {
  const tasks = Array.from({ length: n }, (_, i) => ({ ...shell({ backoffMs: 0 }), key: `f${i}` }));
  const plan = ok(compile({ kind: 'graph', spec: { tasks } } as never));
  const farm = plan.tasks.map((task) => ({ ...task, policy: { ...task.policy, ...threeWorkers, ...policy } }));
  return ok(await yard.engine.submit(admin, { ...plan, tasks: farm }));
}

async function farm(yard: Yard, names: string, options: Parameters<typeof connect>[1] = {}): Promise<TestWorker[]> {
  const workers: TestWorker[] = [];
  for (const name of names) workers.push(await connect(yard, { name, key: name, slots: 1, asks: true, ...options }));
  return workers;
}

const claim = async (yard: Yard, { id, session }: TestWorker): Promise<number[]> => {
  const input = { worker: id, session, max: 1, mode: 'run', deadline: null, kinds: null, resume: true, poolsToo: true } as const;
  return ok(await yard.engine.command(admin, 'claim', input)).assignments.map(({ task }) => task.id);
};

async function fail(yard: Yard, worker: TestWorker): Promise<number | null> {
  const [task] = await claim(yard, worker);
  if (task === undefined) return null;
  ok((await worker.end(task, 'failed')) as { value: unknown });
  return task;
}

const leave = async (...workers: TestWorker[]): Promise<void> => {
  for (const worker of workers) await worker.handle.bye({ giveBack: true });
  await settle();
};

const blocksOf = async (yard: Yard, job: number) => ok(await yard.engine.query.blocks(admin, { job }));

describe('distinct: who may retry (flamenco §5.3)', () => {
  it('never again on a worker that failed it; failed by three different workers it is failed', async () => {
    await using yard = await openYard();
    const [a, b, c] = (await farm(yard, 'abcd')) as [TestWorker, TestWorker, TestWorker];
    const { taskIds } = await render(yard, 1);
    const [task] = taskIds as [number];
    expect(await fail(yard, a)).toBe(task);
    expect([await stateOf(yard, task), await fail(yard, a)]).toEqual(['ready', null]);
    expect([await fail(yard, b), await stateOf(yard, task)]).toEqual([task, 'ready']);
    expect([await fail(yard, c), await stateOf(yard, task)]).toEqual([task, 'failed']);
    expect((await taskOf(yard, task)).state).toMatchObject({ reason: 'exit' });
  });

  it('a worker that is away counts as left, one that is not let in does not', async () => {
    await using yard = await openYard();
    const [a, away] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    await leave(away);
    const { taskIds } = await render(yard, 2);
    const task = (await fail(yard, a)) as number;
    expect(await stateOf(yard, task)).toBe('ready');
    ok(await yard.engine.command(admin, 'forget', { worker: away.id, force: false }));
    await settle();
    expect((await taskOf(yard, task)).state).toMatchObject({ state: 'failed', reason: 'no-candidate' });
    // Nobody has failed the other one: it waits for whoever comes.
    expect(await stateOf(yard, taskIds.find((id) => id !== task)!)).toBe('ready');
    const unknown = {
      name: 'new',
      kinds: ['shell'],
      tags: ['files'],
      profile: { ...(await workerRow(yard, a.id)).profile },
      info: {},
    };
    const total = { slots: 1, cpus: 8, ramMb: 1_000, named: {} };
    ok(await yard.engine.command(admin, 'register', { ...unknown, key: 'n', total, approved: false }));
    expect(await fail(yard, a)).not.toBeNull();
    expect((await taskOf(yard, taskIds.find((id) => id !== task)!)).state).toMatchObject({
      state: 'failed',
      reason: 'no-candidate',
    });
  });

  it('a run or silence time-out is a failure like any other: another worker may try', async () => {
    await using yard = await openYard({ forceMs: 5_000 });
    const [a, b] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    const silent = async () => {
      for (const ms of [13_000, 6_000]) {
        await yard.clock.advance(ms);
        await settle();
      }
    };
    const plan = ok(compile({ spec: shell({ silenceMs: 10_000, backoffMs: 0 }) } as never));
    const tasks = plan.tasks.map((task) => ({ ...task, policy: { ...task.policy, ...threeWorkers } }));
    const [task] = ok(await yard.engine.submit(admin, { ...plan, tasks })).taskIds as [number];
    expect(await claim(yard, a)).toEqual([task]);
    // Nothing is heard of it any more, not even that it was stopped.
    await silent();
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'ready' }, failures: 1 });
    expect([await claim(yard, a), await claim(yard, b)]).toEqual([[], [task]]);
    await silent();
    expect((await taskOf(yard, task)).state).toMatchObject({ state: 'failed', reason: 'no-candidate' });
  });

  it('lost is not failed: it goes back, also to the same worker, even if that was the only one', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a')) as [TestWorker];
    const [task] = (await render(yard, 1)).taskIds as [number];
    expect(await claim(yard, a)).toEqual([task]);
    ok(await yard.engine.command(admin, 'forget', { worker: a.id, force: true }));
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'ready' }, failures: 0 });
    const [again] = (await farm(yard, 'z')) as [TestWorker];
    expect(await claim(yard, again)).toEqual([task]);
  });

  it('retry by a user clears who failed it, for the task and for the job', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a')) as [TestWorker];
    const { job, taskIds } = await render(yard, 1);
    const [task] = taskIds as [number];
    expect([await fail(yard, a), await stateOf(yard, task)]).toEqual([task, 'failed']);
    ok(await yard.engine.command(admin, 'retryTask', { task }));
    expect([await fail(yard, a), await stateOf(yard, task)]).toEqual([task, 'failed']);
    ok(await yard.engine.command(admin, 'retry', { job: job.id }));
    expect(await claim(yard, a)).toEqual([task]);
    expect(await blocksOf(yard, job.id)).toEqual([]);
  });
});

const workerRow = async (yard: Yard, id: number) => ok(await yard.engine.query.worker(admin, id));

describe('distinct: blocklist (flamenco §5.3, §9.10)', () => {
  it('three failures of a worker on one job and kind: blocked there, at work elsewhere, for a week', async () => {
    await using yard = await openYard();
    const [a, b] = (await farm(yard, 'abcd')) as [TestWorker, TestWorker];
    const { job } = await render(yard, 6);
    for (let i = 0; i < 3; i++) expect(await fail(yard, a)).not.toBeNull();
    const until = yard.clock.now() + weekMs;
    expect(await blocksOf(yard, job.id)).toEqual([{ job: job.id, worker: a.id, kind: 'shell', at: yard.clock.now(), until }]);
    // At once, not only when the sweep has come by.
    expect(await claim(yard, a)).toEqual([]);
    await settle();
    expect(await claim(yard, a)).toEqual([]);
    const other = await render(yard, 1);
    expect(await claim(yard, a)).toEqual(other.taskIds);
    await a.end(other.taskIds[0]!);
    expect((await claim(yard, b)).length).toBe(1);
    await yard.clock.advance(weekMs);
    await settle();
    expect([await blocksOf(yard, job.id), (await claim(yard, a)).length]).toEqual([[], 1]);
  });

  it('nobody left by that: what waits of the job fails, other jobs do not', async () => {
    await using yard = await openYard();
    const [a, b] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    const { job, taskIds } = await render(yard, 9, { blockAfter: 2 });
    const other = await render(yard, 1);
    await fail(yard, a);
    await fail(yard, a);
    await settle();
    const states = async () => (await Promise.all(taskIds.map((id) => stateOf(yard, id)))).join(' ');
    expect(await states()).toBe(Array(9).fill('ready').join(' '));
    await fail(yard, b);
    await fail(yard, b);
    await settle();
    expect(await states()).toBe(Array(9).fill('failed').join(' '));
    expect(ok(await yard.engine.query.job(admin, job.id)).state).toBe('failed');
    expect(await stateOf(yard, other.taskIds[0]!)).toBe('ready');
  });

  it('forgiven: it gets the job again, and may fail three times more', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'abcd')) as [TestWorker];
    const { job } = await render(yard, 9);
    for (let i = 0; i < 3; i++) await fail(yard, a);
    await settle();
    ok(await yard.engine.command(admin, 'forgive', { job: job.id, worker: a.id, kind: 'shell' }));
    expect(await blocksOf(yard, job.id)).toEqual([]);
    for (let i = 0; i < 3; i++) expect(await fail(yard, a)).not.toBeNull();
    expect((await blocksOf(yard, job.id)).length).toBe(1);
    expect(await claim(yard, a)).toEqual([]);
  });

  it('blocked by hand, the last one: what it alone could run fails', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a')) as [TestWorker];
    const { job, taskIds } = await render(yard, 2);
    ok(await yard.engine.command(admin, 'block', { job: job.id, worker: a.id, kind: 'shell', requeue: false }));
    await settle();
    expect(await Promise.all(taskIds.map((id) => stateOf(yard, id)))).toEqual(['failed', 'failed']);
  });
});

describe('distinct: nobody is here who could (flamenco §8 B9)', () => {
  it('failed after noCandidateMs, unless somebody comes', async () => {
    await using yard = await openYard();
    const [a, b] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    await leave(b);
    const [task] = (await render(yard, 1, { noCandidateMs: 60_000 })).taskIds as [number];
    expect(await fail(yard, a)).toBe(task);
    await yard.clock.advance(50_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
    // Somebody else who could is here for a moment: the wait begins anew when he is gone.
    const [c] = (await farm(yard, 'c')) as [TestWorker];
    await yard.clock.advance(30_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
    await leave(c);
    await yard.clock.advance(55_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
    await yard.clock.advance(10_000);
    await settle();
    expect((await taskOf(yard, task)).state).toMatchObject({ state: 'failed', reason: 'no-candidate' });
  });

  it('what nobody has failed waits for ever, except where workers were blocked', async () => {
    await using yard = await openYard();
    const [a, b] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    const policy = { noCandidateMs: 60_000, blockAfter: 1 };
    const troubled = await render(yard, 400, policy);
    await fail(yard, a);
    const calm = await render(yard, 1, policy);
    await leave(a, b);
    await yard.clock.advance(59_000);
    await settle();
    const ready = async () => ok(await yard.engine.query.job(admin, troubled.job.id)).counts.ready;
    expect(await ready()).toBe(400);
    await yard.clock.advance(5_000);
    await settle();
    expect([await ready(), await stateOf(yard, calm.taskIds[0]!)]).toEqual([0, 'ready']);
  });

  it('the wait begins anew after a restart', async () => {
    await using yard = await openYard();
    const [a, b] = (await farm(yard, 'ab')) as [TestWorker, TestWorker];
    await leave(b);
    const [task] = (await render(yard, 1, { noCandidateMs: 60_000 })).taskIds as [number];
    await fail(yard, a);
    await yard.clock.advance(50_000);
    await yard.restart();
    await yard.clock.advance(50_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('ready');
    await yard.clock.advance(15_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('failed');
  });
});

describe('render workers', () => {
  it('testing: it gets what begins with test-, and nothing else', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a', { kinds: ['shell', 'test-shell'] })) as [TestWorker];
    const mode = (to: 'testing' | 'awake') =>
      yard.engine.command(admin, 'refresh', {
        worker: a.id,
        session: a.session,
        reported: null,
        total: null,
        info: null,
        mode: to,
        seenAt: null,
      });
    ok(await mode('testing'));
    const [plain] = (await render(yard, 1)).taskIds as [number];
    expect(await claim(yard, a)).toEqual([]);
    const plan = ok(compile({ spec: shell({}) } as never));
    const tasks = plan.tasks.map((task) => ({ ...task, kind: 'test-shell' }));
    const [test] = ok(await yard.engine.submit(admin, { ...plan, tasks })).taskIds as [number];
    expect(await claim(yard, a)).toEqual([test]);
    await a.end(test);
    ok(await mode('awake'));
    expect(await claim(yard, a)).toEqual([plain]);
  });

  it('signOff gives back all that it holds, however much', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a', { slots: 600 })) as [TestWorker];
    const { taskIds } = await render(yard, 600);
    const all = {
      worker: a.id,
      session: a.session,
      max: 256,
      mode: 'run',
      deadline: null,
      kinds: null,
      resume: false,
      poolsToo: true,
    } as const;
    for (let i = 0; i < 3; i++) ok(await yard.engine.command(admin, 'claim', all));
    expect(ok(await yard.engine.query.worker(admin, a.id)).holding).toBe(600);
    await a.handle.bye({ giveBack: true });
    await settle();
    const rows = await Promise.all(taskIds.map((id) => taskOf(yard, id)));
    expect(rows.filter(({ state, losses }) => state.state === 'ready' && losses === 0).length).toBe(600);
  });

  it('a worker that asks again gets the same task', async () => {
    await using yard = await openYard();
    const [a] = (await farm(yard, 'a')) as [TestWorker];
    const { taskIds } = await render(yard, 2);
    const [first] = await claim(yard, a);
    expect(taskIds).toContain(first);
    expect(await claim(yard, a)).toEqual([first]);
    expect(await taskOf(yard, first!)).toMatchObject({ attempt: 1, state: { state: 'running' } });
  });

  it('one that is not let in gets nothing, and everything once it is', async () => {
    await using yard = await openYard();
    const total = { slots: 1, cpus: 8, ramMb: 1_000, named: {} };
    const profile = {
      graceMs: 60_000,
      connection: false,
      leaseMs: 60_000,
      ephemeral: false,
      room: 'counted',
      suspends: false,
    } as const;
    const who = { key: 'k', name: 'new', kinds: ['shell'], tags: ['files'], total, profile, info: {}, approved: false };
    const { worker } = ok(await yard.engine.command(admin, 'register', who));
    const on = { worker, name: null, kinds: null, tags: null, total: null, info: null, keepTasks: true };
    const { session } = ok(await yard.engine.command(admin, 'signOn', on));
    const { taskIds } = await render(yard, 1);
    const it = { id: worker, session } as TestWorker;
    expect(await claim(yard, it)).toEqual([]);
    ok(await yard.engine.command(admin, 'approve', { worker }));
    expect(await claim(yard, it)).toEqual(taskIds);
  });
});

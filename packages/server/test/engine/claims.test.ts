import { describe, expect, it } from 'vitest';
import type { InputOf } from '../../src/engine/commands.ts';
import { does, graph, refused, shell, stateOf, statesOf, taskOf } from './lib/ask.ts';
import { faultsIn } from './lib/checker.ts';
import {
  admin,
  connect,
  kueueProfile,
  ok,
  openYard,
  ourProfile,
  settle,
  submit,
  workerPrincipal,
  type Yard,
} from './lib/yard.ts';

const claim = (yard: Yard, of: Partial<InputOf<'claim'>> & { worker: number; session: number }) =>
  does(
    yard,
    'claim',
    { max: 1, mode: 'run', deadline: null, kinds: null, resume: false, poolsToo: true, ...of },
    workerPrincipal,
  );

/** A worker that asks by itself. */
async function pulling(yard: Yard, of: { slots?: number; kinds?: string[] } = {}) {
  const { slots = 1, kinds = ['shell'] } = of;
  const total = { slots, cpus: 8, ramMb: 1_000, named: {} };
  const row = { key: null, name: 'puller', kinds, tags: ['files'], total, profile: ourProfile, info: {}, approved: true };
  const { worker } = await does(yard, 'register', row, workerPrincipal);
  const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
  const { session } = await does(yard, 'signOn', { worker, ...unchanged, keepTasks: true }, workerPrincipal);
  yard.engine.sessions.attach(workerPrincipal, worker, session, { tell: () => {}, push: null });
  return { worker, session };
}

const end = (yard: Yard, of: { task: number; session: number; attempt: number | null; outcome?: 'failed' }) =>
  yard.engine.command(workerPrincipal, 'end', {
    outcome: 'succeeded',
    reason: null,
    exitCode: 0,
    signal: null,
    error: null,
    result: null,
    artifacts: [],
    ...of,
  });

describe('a pulling worker', () => {
  it('gets what fits, body and value with it, and the same again until it reports', async () => {
    await using yard = await openYard();
    const puller = await pulling(yard);
    await submit(yard, { name: 'tiles', spec: shell({ array: { items: ['x', 'y'] } }) });
    const first = await claim(yard, puller);
    expect(first.assignments).toMatchObject([{ jobName: 'tiles', value: 'x', task: { attempt: 1, index: 0 } }]);
    expect(JSON.parse(first.assignments[0]!.body)).toMatchObject({ payload: { argv: ['x'] } });
    expect((await claim(yard, puller)).assignments).toEqual([]);
    const again = await claim(yard, { ...puller, resume: true });
    expect(again.assignments).toMatchObject([{ value: 'x', task: { attempt: 1, id: first.assignments[0]!.task.id } }]);
    await end(yard, { ...puller, task: first.assignments[0]!.task.id, attempt: null });
    expect((await claim(yard, { ...puller, resume: true })).assignments).toMatchObject([{ value: 'y' }]);
  });

  it('gets no other kinds than it names, its row has, its credential allows', async () => {
    await using yard = await openYard();
    const puller = await pulling(yard, { slots: 5 });
    await submit(yard, {});
    expect((await claim(yard, { ...puller, kinds: ['print'] })).assignments).toEqual([]);
    const bound = { ...workerPrincipal, kinds: ['print'] };
    const input = { ...puller, max: 1, mode: 'run', deadline: null, kinds: null, resume: false, poolsToo: true } as const;
    expect((await does(yard, 'claim', input, bound)).assignments).toEqual([]);
    expect((await claim(yard, puller)).assignments.length).toBe(1);
  });

  it('is refused in a session that is over, and for a worker of somebody else', async () => {
    await using yard = await openYard();
    const puller = await pulling(yard);
    const input = { ...puller, max: 1, mode: 'run', deadline: null, kinds: null, resume: false, poolsToo: true } as const;
    expect(await refused(yard, 'claim', { ...input, session: 99 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'claim', input, { ...workerPrincipal, id: 'token:8' })).toBe('not_found');
    await does(yard, 'signOff', { ...puller, giveBack: true }, workerPrincipal);
    expect(await refused(yard, 'claim', input, workerPrincipal)).toBe('stale');
  });

  it('takes many at once within its room, over arrays and rows, and learns whether there is more', async () => {
    await using yard = await openYard();
    const puller = await pulling(yard, { slots: 4 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 2 } }) });
    await submit(yard, graph({ a: [], b: [], c: [] }));
    const { assignments, more } = await claim(yard, { ...puller, max: 10 });
    expect(assignments.map(({ value, task }) => value ?? task.key)).toEqual(['1', '2', 'a', 'b']);
    expect(more).toBe(false);
    await end(yard, { ...puller, task: assignments[0]!.task.id, attempt: 1 });
    expect(await claim(yard, { ...puller, max: 10 })).toMatchObject({ assignments: [{ task: { key: 'c' } }], exhausted: [1] });
  });

  it('a checkpoint reaches the next attempt', async () => {
    await using yard = await openYard();
    const puller = await pulling(yard);
    const [task] = (await submit(yard, { spec: shell({ retries: 1, backoffMs: 0 }) })).taskIds as [number];
    expect((await claim(yard, puller)).assignments[0]?.checkpoint).toBeNull();
    const report = { task, session: puller.session, attempt: 1, checkpoint: '{"step":7}' };
    await does(yard, 'report', report, workerPrincipal);
    expect(await refused(yard, 'report', { ...report, attempt: 2 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'report', { ...report, task: 99 }, workerPrincipal)).toBe('not_found');
    await end(yard, { task, session: puller.session, attempt: 1, outcome: 'failed' });
    await yard.clock.advance(31_000);
    expect((await claim(yard, puller)).assignments).toMatchObject([{ checkpoint: '{"step":7}', task: { attempt: 2 } }]);
  });
});

describe('end', () => {
  it('keeps exit code, result, files; is stale for others and for old attempts', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const other = await connect(yard, { name: 'other' });
    const [task] = (await submit(yard, { startOn: worker.id })).taskIds as [number];
    await settle();
    expect((await end(yard, { task, session: other.session, attempt: 1 })).refusal?.code).toBe('stale');
    expect((await end(yard, { task, session: worker.session, attempt: 2 })).refusal?.code).toBe('stale');
    expect((await end(yard, { task: 99, session: worker.session, attempt: 1 })).refusal?.code).toBe('not_found');
    const artifacts = [{ path: 'a.png', blob: 'a'.repeat(64), size: 3 }];
    const input = {
      task,
      session: worker.session,
      attempt: 1,
      outcome: 'succeeded',
      reason: null,
      signal: null,
      error: null,
    } as const;
    await does(yard, 'end', { ...input, exitCode: 0, result: '{"x":1}', artifacts }, workerPrincipal);
    const { attempts } = ok(await yard.engine.query.taskDetail(admin, task));
    expect(attempts).toMatchObject([{ outcome: 'succeeded', exitCode: 0, result: '{"x":1}', artifacts, pools: {} }]);
    await does(yard, 'amend', { task, attempt: 1, result: '{"x":2}' }, workerPrincipal);
    expect(ok(await yard.engine.query.taskDetail(admin, task)).attempts[0]).toMatchObject({ result: '{"x":2}', artifacts });
    expect(await refused(yard, 'amend', { task, attempt: 2 }, workerPrincipal)).toBe('not_found');
    const stranger = { ...workerPrincipal, id: 'token:8' };
    expect(await refused(yard, 'amend', { task, attempt: 1, error: 'x' }, stranger)).toBe('stale');
  });

  it('a late report is kept once, from the worker that had the attempt and nobody else', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 0 } });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await worker.handle.lost();
    await settle();
    const late = { task, session: worker.session, attempt: 1 };
    const attempt = async () => ok(await yard.engine.query.taskDetail(admin, task)).attempts[0];
    const stranger = { ...workerPrincipal, id: 'token:8' };
    const full = {
      ...late,
      outcome: 'succeeded',
      reason: null,
      exitCode: 5,
      signal: null,
      error: null,
      result: null,
      artifacts: [],
    } as const;
    expect(await refused(yard, 'end', full, stranger)).toBe('stale');
    expect(await refused(yard, 'end', { ...full, session: 77 }, workerPrincipal)).toBe('stale');
    expect(await attempt()).toMatchObject({ outcome: 'lost', exitCode: null });
    await does(yard, 'end', full, workerPrincipal);
    await does(yard, 'end', { ...full, exitCode: 6 }, workerPrincipal);
    expect(await attempt()).toMatchObject({ outcome: 'lost', exitCode: 5 });
    expect(await stateOf(yard, task)).toBe('ready');
  });

  it('giveBack counts for nothing; free, deferred or rejected', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    const input = { task, session: worker.session, attempt: 1, why: 'no such folder' } as const;
    expect(await refused(yard, 'giveBack', { ...input, how: 'free', attempt: 9 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'giveBack', { ...input, how: 'free', task: 99 }, workerPrincipal)).toBe('not_found');
    await does(yard, 'giveBack', { ...input, how: 'free' }, workerPrincipal);
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ attempt: 2, failures: 0, losses: 0 });
    await does(yard, 'giveBack', { ...input, attempt: 2, how: 'reject' }, workerPrincipal);
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ attempt: 2, state: { state: 'ready' } });
    const { attempts } = ok(await yard.engine.query.taskDetail(admin, task));
    expect(attempts).toMatchObject([{ outcome: 'given-back', error: 'no such folder' }, { outcome: 'given-back' }]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('pools', () => {
  const pooled = (n = 1) => ({ spec: shell({ needs: { pools: { heat: n } } }) });

  it('a pool of a kind made while tasks run counts them, and gives nothing more until it fits', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 8, offers: 2 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 6 } }) });
    await settle();
    expect(await does(yard, 'setPool', { name: 'kind:shell', total: 2 })).toMatchObject({ used: 6, total: 2 });
    await submit(yard, {});
    await settle();
    for (let i = 0; i < 4; i++) await worker.end(worker.got[i]!.task.id);
    await settle();
    expect([worker.got.length, yard.rows().pools[0]?.used]).toEqual([6, 2]);
    await worker.end(worker.got[4]!.task.id);
    await settle();
    expect([worker.got.length, yard.rows().pools[0]?.used]).toEqual([7, 2]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('grown it is filled at once; removed and made anew it counts what still runs', async () => {
    await using yard = await openYard({ onDisk: true });
    await does(yard, 'setPool', { name: 'heat', total: 1 });
    const worker = await connect(yard, { slots: 8 });
    for (let i = 0; i < 3; i++) await submit(yard, pooled());
    await settle();
    expect(worker.got.length).toBe(1);
    await does(yard, 'setPool', { name: 'heat', total: 2 });
    await settle();
    expect(worker.got.length).toBe(2);
    expect(await does(yard, 'setPool', { name: 'heat', total: null })).toBeNull();
    await settle();
    expect(worker.got.length).toBe(2);
    expect(await refused(yard, 'setPool', { name: 'heat', total: null })).toBe('not_found');
    expect(await does(yard, 'setPool', { name: 'heat', total: 2 })).toMatchObject({ used: 2 });
    await worker.end(worker.got[0]!.task.id);
    await settle();
    expect([worker.got.length, yard.rows().pools[0]?.used]).toEqual([3, 2]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('releasePool gives it to the next while the attempt goes on', async () => {
    await using yard = await openYard({ onDisk: true });
    await does(yard, 'setPool', { name: 'heat', total: 1 });
    const worker = await connect(yard, { slots: 8 });
    const [first] = (await submit(yard, pooled())).taskIds as [number];
    const [second] = (await submit(yard, pooled())).taskIds as [number];
    await settle();
    const input = { task: first, session: worker.session, attempt: 1, pool: 'heat' };
    await does(yard, 'releasePool', input, workerPrincipal);
    await does(yard, 'releasePool', input, workerPrincipal);
    await settle();
    expect(await statesOf(yard, [first, second])).toEqual(['running', 'running']);
    expect(await refused(yard, 'releasePool', { ...input, attempt: 4 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'releasePool', { ...input, task: 99 }, workerPrincipal)).toBe('not_found');
    await worker.end(first);
    await settle();
    expect(yard.rows().pools[0]?.used).toBe(1);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('what is only offered in advance takes no pool', async () => {
    await using yard = await openYard({ onDisk: true });
    await does(yard, 'setPool', { name: 'heat', total: 1 });
    const full = await connect(yard, { slots: 1, offers: 4 });
    await submit(yard, {});
    await settle();
    await submit(yard, pooled());
    await settle();
    expect([full.got.length, full.offered.length]).toEqual([1, 0]);
    const idle = await connect(yard, { name: 'idle', slots: 1 });
    await settle();
    expect(idle.got.length).toBe(1);
  });
});

describe('prefetched offers', () => {
  it('are shown to a full worker, begin with its accept, and are refilled', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1, offers: 2 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 6 } }) });
    await settle();
    expect([worker.got.length, worker.offered.map(({ value }) => value)]).toEqual([1, ['2', '3']]);
    const next = worker.offered[0]!;
    await worker.end(worker.got[0]!.task.id);
    const { assignment } = await does(yard, 'accept', { task: next.task.id, session: worker.session }, workerPrincipal);
    await settle();
    // Room and offer met: either the accept was first, or a new task took the room.
    expect(assignment.task.attempt).toBe(1);
    const { tasks } = yard.rows();
    const inState = (state: string) => tasks.filter((task) => task.state.state === state).length;
    expect([inState('running'), inState('offered')]).toEqual([1, 2]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('an accept without room is refused, and the task goes back to the queue', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1, offers: 1 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 2 } }) });
    await settle();
    const offered = worker.offered[0]!;
    const input = { task: offered.task.id, session: worker.session };
    expect(await refused(yard, 'accept', input, workerPrincipal)).toBe('void_offer');
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'withdraw' }]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('an idle worker gets what a full one only holds in advance, all that fits', async () => {
    await using yard = await openYard({ onDisk: true });
    const full = await connect(yard, { slots: 1, offers: 4 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 5 } }) });
    await settle();
    expect([full.got.length, full.offered.length]).toEqual([1, 4]);
    const idle = await connect(yard, { name: 'idle', slots: 3 });
    await settle();
    expect(idle.got.length).toBe(3);
    expect(full.told.map(({ tell }) => tell)).toEqual(['withdraw', 'withdraw', 'withdraw']);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('expire, are declined, and are void for anybody else', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true });
    const other = await connect(yard, { profile: kueueProfile, onlyOffers: true, tags: [], name: 'other' });
    const [task] = (await submit(yard, { spec: shell({ needs: { tags: ['files'] } }) })).taskIds as [number];
    await settle();
    expect(await refused(yard, 'accept', { task, session: other.session }, workerPrincipal)).toBe('void_offer');
    expect(await refused(yard, 'accept', { task: 99, session: worker.session }, workerPrincipal)).toBe('void_offer');
    expect(await refused(yard, 'accept', { task, session: 99 }, workerPrincipal)).toBe('void_offer');
    expect(await refused(yard, 'decline', { task: 99, session: worker.session, how: 'defer' }, workerPrincipal)).toBe(
      'void_offer',
    );
    expect(await stateOf(yard, task)).toBe('offered');
    await does(yard, 'decline', { task, session: worker.session, how: 'reject' }, workerPrincipal);
    await settle();
    expect([await stateOf(yard, task), worker.offered.length]).toEqual(['ready', 1]);
    // The next session may have it.
    await worker.handle.lost();
    const again = await connect(yard, { profile: kueueProfile, onlyOffers: true });
    await settle();
    expect(again.offered.map((one) => one.task.id)).toEqual([task]);
  });

  it('a decline under a cancel ends the job for those who wait for it', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true, slots: 600 });
    const { job } = await submit(yard, graph(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`t${i}`, []]))));
    const child = await submit(yard, { after: [job.id] });
    await settle();
    expect(worker.offered.length).toBe(1);
    // In one breath with the cancel, before its sweep.
    await Promise.all([
      does(yard, 'cancel', { job: job.id, kill: true }),
      ...worker.offered.map(({ task }) =>
        does(yard, 'decline', { task: task.id, session: worker.session, how: 'defer' }, workerPrincipal),
      ),
    ]);
    await settle();
    expect(await statesOf(yard, child.taskIds)).toEqual(['canceled']);
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('tried again', () => {
  it('any: after a back-off, elsewhere at once, on the same worker half a minute later', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const [task] = (await submit(yard, { spec: shell({ retries: 2, backoffMs: 8_000 }) })).taskIds as [number];
    await settle();
    await worker.end(task, 'failed');
    await yard.clock.advance(5_900);
    await settle();
    expect(await stateOf(yard, task)).toBe('waiting');
    await yard.clock.advance(4_200);
    await settle();
    expect([await stateOf(yard, task), worker.got.length]).toEqual(['ready', 1]);
    const other = await connect(yard, { name: 'other', slots: 1 });
    await settle();
    expect(other.got.length).toBe(1);
    await other.end(task, 'failed');
    await other.handle.bye({ giveBack: true });
    await yard.clock.advance(45_000);
    await settle();
    expect([worker.got.length, (await taskOf(yard, task)).failures]).toEqual([2, 2]);
    await worker.end(task, 'failed');
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'failed', reason: 'exit' }, failures: 3 });
  });

  it('distinct: never again where it failed; failed when nobody is left', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { slots: 1 });
    const b = await connect(yard, { slots: 1, name: 'b' });
    await connect(yard, { slots: 1, tags: [], name: 'unfit' });
    const spec = shell({ retries: 5, backoffMs: 0, retryOn: 'distinct', needs: { tags: ['files'] } });
    const [task] = (await submit(yard, { spec })).taskIds as [number];
    await settle();
    const first = a.got.length > 0 ? a : b;
    await first.end(task, 'failed');
    await yard.clock.advance(60_000);
    await settle();
    const second = first === a ? b : a;
    expect([first.got.length, second.got.length]).toEqual([1, 1]);
    await second.end(task, 'failed');
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'failed', reason: 'no-candidate' }, failures: 2 });
  });

  it('distinct: a worker that is blocked for the job is no candidate', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { slots: 1 });
    const spec = shell({ retries: 5, backoffMs: 0, retryOn: 'distinct' });
    const { job, taskIds } = await submit(yard, { spec });
    await settle();
    const b = await connect(yard, { slots: 1, name: 'b' });
    await does(yard, 'block', { job: job.id, worker: b.id, kind: 'shell', requeue: false });
    await a.end(taskIds[0]!, 'failed');
    expect(await taskOf(yard, taskIds[0]!)).toMatchObject({ state: { state: 'failed', reason: 'no-candidate' } });
  });
});

describe('limits that the server enforces', () => {
  it('run time: told to end it, then a failure like any other', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ timeoutMs: 10_000 }) })).taskIds as [number];
    await settle();
    await yard.clock.advance(11_000);
    expect(worker.told).toEqual([]);
    await yard.clock.advance(1_500);
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'kill', task: { id: task, attempt: 1 } }]);
    await worker.end(task, 'failed');
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'failed', reason: 'timeout' }, failures: 1 });
  });

  it('silence: any sign of life of the attempt holds it off, a suspended one may be silent', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ silenceMs: 10_000 }) })).taskIds as [number];
    await settle();
    const sign = () => yard.engine.progress(task, 1, { done: 1, total: null, unit: null, phase: null });
    for (let i = 0; i < 4; i++) {
      await yard.clock.advance(9_000);
      if (i % 2 === 0) sign();
      else worker.handle.taskAlive(task);
    }
    expect(worker.told).toEqual([]);
    await does(yard, 'suspend', { task });
    await yard.clock.advance(60_000);
    await does(yard, 'resume', { task });
    await settle();
    await yard.clock.advance(11_000);
    expect(worker.told.map(({ tell }) => tell)).toEqual(['suspend', 'resume']);
    await yard.clock.advance(2_000);
    await settle();
    expect(worker.told.map(({ tell }) => tell)).toEqual(['suspend', 'resume', 'kill']);
    await worker.end(task, 'failed');
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'failed', reason: 'silence' } });
  });

  it('go on after a restart, from the moment at which the attempt began', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ timeoutMs: 20_000 }) })).taskIds as [number];
    await settle();
    await yard.clock.advance(10_000);
    await yard.restart();
    const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
    const { session } = await does(yard, 'signOn', { worker: worker.id, ...unchanged, keepTasks: true }, workerPrincipal);
    const told: string[] = [];
    yard.engine.sessions.attach(workerPrincipal, worker.id, session, { tell: ({ tell }) => void told.push(tell), push: null });
    await settle();
    await yard.clock.advance(12_500);
    await settle();
    expect([told, await stateOf(yard, task)]).toEqual([['kill'], 'stopping']);
  });
});

import { describe, expect, it } from 'vitest';
import type { Principal } from '../../src/domain/principal.ts';
import type { AnswerOf, InputOf } from '../../src/engine/commands.ts';
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
  type TestWorker,
  workerPrincipal,
  type Yard,
} from './lib/yard.ts';

const stranger: Principal = { ...workerPrincipal, id: 'token:9', name: 'stranger' };
const workerOf = async (yard: Yard, id: number) => ok(await yard.engine.query.worker(admin, id));
const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
const signOn = (yard: Yard, worker: number, keepTasks = true): Promise<AnswerOf<'signOn'>> =>
  does(yard, 'signOn', { worker, ...unchanged, keepTasks }, workerPrincipal);
const description: InputOf<'register'> = {
  key: 'installation-1',
  name: 'one',
  kinds: ['shell'],
  tags: [],
  total: { slots: 1, cpus: 1, ramMb: 1, named: {} },
  profile: ourProfile,
  info: {},
  approved: true,
};

async function running(yard: Yard, worker: TestWorker, n = 1): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < n; i++) ids.push((await submit(yard, { spec: shell({ backoffMs: 0 }) })).taskIds[0]!);
  await settle();
  expect(worker.got.map(({ task }) => task.id)).toEqual(expect.arrayContaining(ids));
  return ids;
}

describe('register', () => {
  it('finds a worker again by its key, and takes its new description', async () => {
    await using yard = await openYard();
    const first = await does(yard, 'register', description, workerPrincipal);
    const again = await does(yard, 'register', { ...description, name: 'renamed' }, workerPrincipal);
    expect([first.created, again]).toEqual([true, { worker: first.worker, created: false }]);
    expect(await workerOf(yard, first.worker)).toMatchObject({ name: 'renamed', status: 'offline' });
    expect(await refused(yard, 'register', description, stranger)).toBe('forbidden');
  });

  it('a credential bound to kinds brings no others', async () => {
    await using yard = await openYard();
    const bound = { ...workerPrincipal, kinds: ['shell'] };
    const { worker } = await does(yard, 'register', { ...description, kinds: ['shell', 'print'] }, bound);
    expect((await workerOf(yard, worker)).kinds).toEqual(['shell']);
  });

  it('one that waits for approval gets nothing, and everything at once when it comes', async () => {
    await using yard = await openYard();
    const { worker } = await does(yard, 'register', { ...description, approved: false }, workerPrincipal);
    const { session } = await signOn(yard, worker);
    const got: number[] = [];
    const run = (given: readonly { task: { id: number } }[]) => void got.push(...given.map(({ task }) => task.id));
    yard.engine.sessions.attach(workerPrincipal, worker, session, { tell: () => {}, push: { run, offers: 0, offerMs: null } });
    const { taskIds } = await submit(yard, { spec: { argv: ['x'], cwd: '/' } });
    await settle();
    expect([got, (await workerOf(yard, worker)).status]).toEqual([[], 'pending']);
    await does(yard, 'approve', { worker });
    await settle();
    expect(got).toEqual(taskIds);
    expect(await refused(yard, 'approve', { worker })).toBe('wrong_state');
    expect(await refused(yard, 'approve', { worker: 99 })).toBe('not_found');
  });
});

describe('sessions', () => {
  it('a new one replaces the old one: that is closed, and what it says is stale', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await running(yard, worker)) as [number];
    const { session, held } = await signOn(yard, worker.id);
    await settle();
    expect(held.map(({ id }) => id)).toEqual([task]);
    expect(worker.told).toEqual([{ tell: 'close', why: 'another session of this worker has begun' }]);
    expect(await worker.end(task)).toMatchObject({ refusal: { code: 'stale' } });
    worker.session = session;
    expect(await worker.end(task)).toMatchObject({ value: { outcome: 'succeeded' } });
  });

  it('without its tasks they are lost', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard);
    const [task] = (await running(yard, worker)) as [number];
    const { held } = await signOn(yard, worker.id, false);
    await settle();
    expect(held).toEqual([]);
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('signing on needs the credential that registered', async () => {
    await using yard = await openYard();
    const { worker } = await does(yard, 'register', description, workerPrincipal);
    expect(await refused(yard, 'signOn', { worker, ...unchanged, keepTasks: true }, stranger)).toBe('not_found');
    expect(await refused(yard, 'signOn', { worker: 99, ...unchanged, keepTasks: true }, workerPrincipal)).toBe('not_found');
  });

  it('a lease that runs out ends the session; signs of life hold it off', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, leaseMs: 10_000, graceMs: 0 } });
    const [task] = (await running(yard, worker)) as [number];
    for (let i = 0; i < 5; i++) {
      await yard.clock.advance(8_000);
      worker.handle.alive();
    }
    await settle();
    expect(await stateOf(yard, task)).toBe('running');
    await yard.clock.advance(11_000);
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'close' }]);
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
  });

  it('a worker seen again within its grace, in the same session, keeps what it has', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, leaseMs: 0, graceMs: 10_000 } });
    const [task] = (await running(yard, worker)) as [number];
    await does(yard, 'connectionLost', { worker: worker.id, session: worker.session }, workerPrincipal);
    await yard.restart();
    const refresh = { worker: worker.id, session: worker.session, reported: null, total: null, info: null, mode: null };
    await does(yard, 'refresh', { ...refresh, seenAt: null }, workerPrincipal);
    expect((await workerOf(yard, worker.id)).status).toBe('online');
    await yard.clock.advance(20_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('running');
    expect(await worker.end(task)).toMatchObject({ value: { outcome: 'succeeded' } });
  });

  it('losses are counted against their own budget, then the task fails', async () => {
    await using yard = await openYard();
    const { taskIds } = await submit(yard, { spec: shell({ maxLosses: 2 }) });
    for (let i = 0; i < 3; i++) {
      const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 0 } });
      await settle();
      expect(worker.got.length).toBe(1);
      await worker.handle.lost();
      await settle();
    }
    expect(await taskOf(yard, taskIds[0]!)).toMatchObject({
      state: { state: 'failed', reason: 'worker-lost' },
      losses: 3,
      failures: 0,
    });
  });
});

describe('reconcile', () => {
  it('adopts what it holds, loses what it does not, offers again, and names what is not its own', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 3, offers: 2 });
    const [a, b, c] = (await running(yard, worker, 3)) as [number, number, number];
    const offered = (await submit(yard, {})).taskIds[0]!;
    await settle();
    await does(yard, 'stop', { task: c, goal: 'canceled', reason: 'user', kill: true });
    await settle();
    await worker.handle.lost();
    await yard.restart();
    const { session, held } = await signOn(yard, worker.id);
    expect(held.map(({ id }) => id)).toEqual([a, b, c, offered]);
    const holds = [a, c].map((task) => ({ task, attempt: 1 }));
    const unknown = { task: b, attempt: 7 };
    const input = { worker: worker.id, session, holds: [...holds, unknown] };
    const { kept, kill } = await does(yard, 'reconcile', input, workerPrincipal);
    expect([kept.map(({ id }) => id), kill]).toEqual([[a, c], [unknown]]);
    await settle();
    expect(await statesOf(yard, [a, b, c, offered])).toEqual(['running', 'ready', 'stopping', 'ready']);
    expect(await taskOf(yard, b)).toMatchObject({ losses: 1 });
    expect(await taskOf(yard, offered)).toMatchObject({ losses: 0, attempt: 0 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('says again what may not have arrived', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await running(yard, worker)) as [number];
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
    const { session } = await signOn(yard, worker.id);
    const told: string[] = [];
    yard.engine.sessions.attach(workerPrincipal, worker.id, session, { tell: ({ tell }) => void told.push(tell), push: null });
    await settle();
    const holds = [{ task, attempt: 1 }];
    await does(yard, 'reconcile', { worker: worker.id, session, holds }, workerPrincipal);
    await settle();
    expect(told).toEqual(['kill']);
  });

  it('a session that is over, a stranger, a worker that is not there', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 0 } });
    const input = { worker: worker.id, session: worker.session, holds: [] };
    expect(await refused(yard, 'reconcile', { ...input, session: 99 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'reconcile', input, stranger)).toBe('not_found');
    await worker.handle.lost();
    await settle();
    expect(await refused(yard, 'reconcile', input, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'reconcile', { ...input, worker: 99 }, workerPrincipal)).toBe('not_found');
  });
});

describe('after a restart of the server', () => {
  it('graces begin anew; who was only a connection is gone, with its row', async () => {
    await using yard = await openYard({ onDisk: true });
    const ours = await connect(yard, { slots: 1 });
    const [a] = (await running(yard, ours)) as [number];
    const kueue = await connect(yard, { profile: kueueProfile, onlyOffers: true, slots: 1 });
    const b = (await submit(yard, {})).taskIds[0]!;
    await settle();
    await does(yard, 'accept', { task: b, session: kueue.session }, workerPrincipal);
    await yard.restart();
    await settle();
    expect(await statesOf(yard, [a, b])).toEqual(['running', 'ready']);
    expect(yard.rows().workers.map(({ id }) => id)).toEqual([ours.id]);
    await yard.clock.advance(14_000);
    await settle();
    expect(await stateOf(yard, a)).toBe('running');
    await yard.clock.advance(2_000);
    await settle();
    expect(await taskOf(yard, a)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('back-offs, offers and half-done sweeps go on', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const { taskIds } = await submit(yard, { spec: shell({ retries: 1, backoffMs: 10_000 }) });
    await settle();
    await worker.end(taskIds[0]!, 'failed');
    await yard.restart();
    const { session } = await signOn(yard, worker.id);
    const got: number[] = [];
    const run = (given: readonly { task: { id: number } }[]) => void got.push(...given.map(({ task }) => task.id));
    yard.engine.sessions.attach(workerPrincipal, worker.id, session, { tell: () => {}, push: { run, offers: 0, offerMs: null } });
    await yard.clock.advance(13_000);
    await settle();
    // The worker that failed it is avoided half a minute longer.
    expect([await stateOf(yard, taskIds[0]!), got]).toEqual(['ready', []]);
    await yard.clock.advance(31_000);
    await settle();
    expect(got).toEqual(taskIds);
  });
});

describe('signOff', () => {
  it('gives back without loss, offers too', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1, offers: 1 });
    const [a] = (await running(yard, worker)) as [number];
    const b = (await submit(yard, {})).taskIds[0]!;
    await settle();
    expect(await stateOf(yard, b)).toBe('offered');
    await worker.handle.bye({ giveBack: true });
    await settle();
    expect(await statesOf(yard, [a, b])).toEqual(['ready', 'ready']);
    expect(await taskOf(yard, a)).toMatchObject({ losses: 0, failures: 0, attempt: 1 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('or leaves it lost; twice is stale', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { profile: { ...ourProfile, ephemeral: true } });
    const [a] = (await running(yard, worker)) as [number];
    await worker.handle.bye({ giveBack: false });
    await settle();
    expect(await taskOf(yard, a)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
    expect(yard.rows().workers).toEqual([]);
    const input = { worker: worker.id, session: worker.session, giveBack: true };
    expect(await refused(yard, 'signOff', input, workerPrincipal)).toBe('not_found');
    const other = await connect(yard);
    await other.handle.bye({ giveBack: true });
    await other.handle.lost();
    const again = { worker: other.id, session: other.session, giveBack: true };
    expect(await refused(yard, 'signOff', again, workerPrincipal)).toBe('stale');
  });
});

describe('wish', () => {
  it('is told, kept, and keeps work away until it is fulfilled or taken back', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    await does(yard, 'wish', { worker: worker.id, mode: 'draining', lazy: true });
    await submit(yard, {});
    await settle();
    expect([worker.got, worker.told]).toEqual([[], [{ tell: 'wish', mode: 'draining', lazy: true }]]);
    await does(yard, 'wish', { worker: worker.id, mode: 'awake', lazy: false });
    await settle();
    expect(worker.got.length).toBe(1);
  });

  it('a worker that wakes up is given work', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const refresh = { worker: worker.id, session: worker.session, reported: null, total: null, info: null, seenAt: null };
    await does(yard, 'refresh', { ...refresh, mode: 'asleep' }, workerPrincipal);
    await submit(yard, {});
    await settle();
    expect(worker.got).toEqual([]);
    await does(yard, 'refresh', { ...refresh, mode: 'awake' }, workerPrincipal);
    await settle();
    expect(worker.got.length).toBe(1);
  });

  it('nobody can be asked to shut down who is not there', async () => {
    await using yard = await openYard();
    const { worker } = await does(yard, 'register', description, workerPrincipal);
    expect(await refused(yard, 'wish', { worker, mode: 'shutdown', lazy: true })).toBe('wrong_state');
    expect(await refused(yard, 'wish', { worker: 99, mode: 'asleep', lazy: true })).toBe('not_found');
  });
});

describe('tell', () => {
  it('passes a message on to a connected worker and refuses for one that is not there', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    await does(yard, 'tell', { worker: worker.id, message: { pause: true } });
    await settle();
    expect(worker.told).toEqual([{ tell: 'message', message: { pause: true } }]);
    await worker.handle.lost();
    expect(await refused(yard, 'tell', { worker: worker.id, message: 1 })).toBe('worker_unavailable');
    expect(await refused(yard, 'tell', { worker: 99, message: 1 })).toBe('not_found');
  });
});

describe('forget', () => {
  it('refuses one that holds tasks, unless forced; then they are lost and the row goes', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard);
    const [task] = (await running(yard, worker)) as [number];
    expect(await refused(yard, 'forget', { worker: worker.id, force: false })).toBe('wrong_state');
    await does(yard, 'forget', { worker: worker.id, force: true });
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'close' }]);
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
    expect(yard.rows()).toMatchObject({ workers: [], exclusions: [] });
    expect(await refused(yard, 'forget', { worker: worker.id, force: true })).toBe('not_found');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('a worker that holds 600 of as many jobs is lost in pages, each failing with a child', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1_000 });
    for (let i = 0; i < 600; i++) await submit(yard, graph({ a: [], b: ['a'] }, { a: { maxLosses: 0 } }));
    await settle();
    expect(worker.got.length).toBe(600);
    await does(yard, 'forget', { worker: worker.id, force: true });
    await settle();
    const { tasks, jobs } = yard.rows();
    expect(tasks.filter(({ state }) => state.state === 'failed').length).toBe(600);
    expect(jobs.every(({ state }) => state === 'failed')).toBe(true);
    expect(yard.errors).toEqual([]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('refresh', () => {
  it('keeps numbers and words, and is refused for a session that is over', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: { ...ourProfile, graceMs: 0 } });
    const input = { worker: worker.id, session: worker.session, reported: null, mode: null };
    const total = { slots: 5, cpus: 2, ramMb: 9, named: { gpu: 1 } };
    await does(yard, 'refresh', { ...input, total, info: { load: 1 }, seenAt: 12 }, workerPrincipal);
    expect(await workerOf(yard, worker.id)).toMatchObject({ total, info: { load: 1 } });
    const none = { total: null, info: null, seenAt: null };
    expect(await refused(yard, 'refresh', { ...input, ...none, session: 77 }, workerPrincipal)).toBe('stale');
    expect(await refused(yard, 'refresh', { ...input, ...none }, stranger)).toBe('not_found');
    await worker.handle.lost();
    expect(await refused(yard, 'refresh', { ...input, ...none }, workerPrincipal)).toBe('stale');
  });

  it('more room is filled at once', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    await submit(yard, { spec: shell({ array: { from: 1, to: 5 } }) });
    await settle();
    const total = { slots: 3, cpus: 8, ramMb: 1_000, named: {} };
    const input = { worker: worker.id, session: worker.session, reported: null, total, info: null, mode: null, seenAt: null };
    await does(yard, 'refresh', input, workerPrincipal);
    await settle();
    expect(worker.got.length).toBe(3);
  });
});

describe('block and forgive', () => {
  it('the worker gets no task of this kind of this job, whatever it held; others do', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const { job } = await submit(yard, { spec: shell({ array: { from: 1, to: 4 }, retries: 3, backoffMs: 0 }) });
    const other = await submit(yard, {});
    await settle();
    const block = { job: job.id, worker: worker.id, kind: 'shell', requeue: false };
    await does(yard, 'block', block);
    await settle();
    await worker.end(worker.got[0]!.task.id, 'failed');
    await yard.clock.advance(60_000);
    await settle();
    expect(worker.got.map(({ task }) => task.job)).toEqual([job.id, other.job.id]);
    const second = await connect(yard, { slots: 9, name: 'second' });
    await settle();
    expect(second.got.map(({ task }) => task.job)).toEqual([job.id, job.id, job.id, job.id]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('with requeue what it runs comes back; forgiven it may again', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const { job, taskIds } = await submit(yard, {});
    await settle();
    await does(yard, 'block', { job: job.id, worker: worker.id, kind: 'shell', requeue: true });
    await settle();
    expect(worker.told.map(({ tell }) => tell)).toEqual(['kill']);
    await worker.end(taskIds[0]!, 'failed');
    await settle();
    expect(await taskOf(yard, taskIds[0]!)).toMatchObject({ state: { state: 'ready' }, failures: 0 });
    await does(yard, 'forgive', { job: job.id, worker: worker.id, kind: null });
    await settle();
    expect(worker.got.length).toBe(2);
    expect(await refused(yard, 'block', { job: 99, worker: worker.id, kind: 'shell', requeue: false })).toBe('not_found');
    expect(await refused(yard, 'block', { job: job.id, worker: 99, kind: 'shell', requeue: false })).toBe('not_found');
    expect(await refused(yard, 'forgive', { job: null, worker: 99, kind: null })).toBe('not_found');
  });

  it('is obeyed before the sweep has moved the job into classes of its own', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const { job } = await submit(yard, { spec: shell({ array: { from: 1, to: 4 } }) });
    await settle();
    // In one breath: the claim that follows the end comes before the sweep.
    await Promise.all([
      does(yard, 'block', { job: job.id, worker: worker.id, kind: 'shell', requeue: false }),
      worker.end(worker.got[0]!.task.id),
    ]);
    await settle();
    expect(worker.got.length).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { does, graph, jobOf, refused, shell, stateOf } from './lib/ask.ts';
import { faultsIn } from './lib/checker.ts';
import { admin, connect, kueueProfile, ok, openYard, settle, submit, submitter, type TestWorker, type Yard } from './lib/yard.ts';

const many = (n: number) => graph(Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${i}`, []])));
const array = (n: number) => ({ spec: shell({ array: { from: 1, to: n } }) });

async function endAll(worker: TestWorker, from = 0): Promise<void> {
  for (let at = from; at < worker.got.length; at++) {
    await worker.end(worker.got[at]!.task.id);
    await settle();
  }
}

describe('cancel', () => {
  it('without kill lets what runs go on; what comes back of it is canceled', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 2 });
    const { job } = await submit(yard, { spec: shell({ array: { from: 1, to: 5 }, retries: 3, backoffMs: 0 }) });
    await settle();
    const { moved, job: now } = await does(yard, 'cancel', { job: job.id, kill: false });
    expect([moved, now.state, now.counts]).toMatchObject([3, 'canceling', { running: 2, canceled: 3 }]);
    await worker.end(worker.got[0]!.task.id);
    await worker.end(worker.got[1]!.task.id, 'failed');
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', counts: { succeeded: 1, canceled: 4 } });
    expect([worker.got.length, worker.told]).toEqual([2, []]);
  });

  it('a large one is answered at once, obeyed at once, and swept to the end', async () => {
    await using yard = await openYard({ onDisk: true });
    const { job } = await submit(yard, many(1_000));
    const asked = does(yard, 'cancel', { job: job.id, kill: true });
    const worker = await connect(yard, { slots: 100 });
    const { sweeping, moved } = await asked;
    expect([sweeping, moved < 1_000]).toEqual([true, true]);
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', counts: { canceled: 1_000 } });
    expect(worker.got).toEqual([]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('goes on after a crash in the middle of the sweep', async () => {
    let sweeps = 0;
    let stop = 2;
    await using yard = await openYard({
      onDisk: true,
      around: (store) => ({
        ...store,
        run(commands, lane) {
          if (commands.some(({ name }) => name === 'sweep') && ++sweeps > stop) return new Promise(() => {});
          return store.run(commands, lane);
        },
      }),
    });
    const { job } = await submit(yard, many(1_400));
    await does(yard, 'cancel', { job: job.id, kill: true });
    await settle();
    expect((await jobOf(yard, job.id)).state).toBe('canceling');
    stop = 1_000;
    await yard.restart({ crashed: true });
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', counts: { canceled: 1_400 } });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('refuses what has ended and what does not exist', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { job } = await submit(yard, {});
    await settle();
    await endAll(worker);
    expect(await refused(yard, 'cancel', { job: job.id, kill: true })).toBe('wrong_state');
    expect(await refused(yard, 'cancel', { job: 99, kill: true })).toBe('not_found');
  });

  it('with kill after one without kill stops what went on', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { job } = await submit(yard, {});
    await settle();
    await does(yard, 'cancel', { job: job.id, kill: false });
    await does(yard, 'cancel', { job: job.id, kill: true });
    await settle();
    expect(worker.told.map(({ tell }) => tell)).toEqual(['kill']);
  });
});

describe('hold and release', () => {
  it('what runs goes on, what comes back waits, everything goes on after the release', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 2 });
    const { job } = await submit(yard, { spec: shell({ array: { from: 1, to: 4 }, retries: 1, backoffMs: 0 }) });
    await settle();
    expect((await does(yard, 'hold', { job: job.id })).job).toMatchObject({ state: 'active', intent: 'hold' });
    await worker.end(worker.got[0]!.task.id);
    await worker.end(worker.got[1]!.task.id, 'failed');
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'held', counts: { waiting: 3, succeeded: 1 } });
    await yard.clock.advance(40_000);
    await does(yard, 'release', { job: job.id });
    await settle();
    expect(worker.got.length).toBe(4);
    await endAll(worker, 2);
    expect((await jobOf(yard, job.id)).state).toBe('succeeded');
  });

  it('a release before the hold has reached every task leaves nobody behind', async () => {
    await using yard = await openYard({ onDisk: true });
    const tags = (i: number) => ({ needs: { tags: i < 500 ? [] : ['big'] } });
    const keys = Array.from({ length: 1_000 }, (_, i) => i);
    const request = graph(
      Object.fromEntries(keys.map((i) => [`t${i}`, []])),
      Object.fromEntries(keys.map((i) => [`t${i}`, tags(i)])),
    );
    const { job } = await submit(yard, request);
    const held = does(yard, 'hold', { job: job.id });
    const worker = await connect(yard, { slots: 2_000, tags: ['files', 'big'] });
    const released = does(yard, 'release', { job: job.id });
    await Promise.all([held, released]);
    await settle();
    expect(worker.got.length).toBe(1_000);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('refuses what it makes no sense for', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const done = await submit(yard, {});
    await settle();
    await endAll(worker);
    expect(await refused(yard, 'hold', { job: done.job.id })).toBe('wrong_state');
    const canceled = await submit(yard, {});
    await settle();
    await does(yard, 'cancel', { job: canceled.job.id, kill: true });
    expect(await refused(yard, 'hold', { job: canceled.job.id })).toBe('wrong_state');
    expect(await refused(yard, 'release', { job: canceled.job.id })).toBe('wrong_state');
    expect(await refused(yard, 'hold', { job: 99 })).toBe('not_found');
    expect(await refused(yard, 'release', { job: 99 })).toBe('not_found');
  });
});

describe('retry', () => {
  it('tries everything again that failed or was canceled, and takes a cancel back', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 2 });
    const { job } = await submit(yard, array(4));
    await settle();
    await worker.end(worker.got[0]!.task.id, 'failed');
    await does(yard, 'cancel', { job: job.id, kill: false });
    const { moved } = await does(yard, 'retry', { job: job.id });
    expect(moved).toBeGreaterThanOrEqual(2);
    await settle();
    await endAll(worker, 1);
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'succeeded', intent: 'none', counts: { succeeded: 4 } });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('an offer that was withdrawn is made again only after the worker has answered', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true });
    const { job, taskIds } = await submit(yard, {});
    await settle();
    await does(yard, 'cancel', { job: job.id, kill: true });
    await does(yard, 'retry', { job: job.id });
    await settle();
    expect([worker.offered.length, await stateOf(yard, taskIds[0]!)]).toEqual([1, 'ready']);
    expect(await refused(yard, 'accept', { task: taskIds[0]!, session: worker.session })).toBe('void_offer');
    await settle();
    expect(worker.offered.length).toBe(2);
  });

  it('refuses where nothing failed, and where a job that it waits for has failed', async () => {
    await using yard = await openYard();
    const first = await submit(yard, {});
    expect(await refused(yard, 'retry', { job: first.job.id })).toBe('wrong_state');
    expect(await refused(yard, 'retry', { job: 99 })).toBe('not_found');
    const second = await submit(yard, { ...array(3), after: [first.job.id] });
    await does(yard, 'cancel', { job: first.job.id, kill: true });
    await settle();
    const { refusal } = await yard.engine.command(admin, 'retry', { job: second.job.id });
    expect(refusal).toMatchObject({
      code: 'wrong_state',
      detail: `Job ${second.job.id} depends on job ${first.job.id}, which is canceled: try that again first`,
    });
    await does(yard, 'retry', { job: first.job.id });
    await settle();
    expect(await jobOf(yard, second.job.id)).toMatchObject({ state: 'waiting', counts: { waiting: 3, canceled: 0 } });
  });
});

describe('setPriority', () => {
  it('overtakes at once, in arrays and rows, and holds for what comes back', async () => {
    await using yard = await openYard();
    const low = await submit(yard, { spec: shell({ retries: 1, backoffMs: 0 }) });
    const worker = await connect(yard, { slots: 1 });
    await settle();
    const a = await submit(yard, array(2));
    const b = await submit(yard, {});
    await does(yard, 'setPriority', { job: b.job.id, priority: 3 });
    await does(yard, 'setPriority', { job: low.job.id, priority: 9 });
    await does(yard, 'setPriority', { job: a.job.id, priority: 5 });
    const other = await connect(yard, { slots: 1, name: 'other' });
    await settle();
    await worker.end(low.taskIds[0]!, 'failed');
    await settle();
    await other.end(other.got[0]!.task.id);
    await settle();
    const order = [...other.got, ...worker.got].map(({ task }) => task.job);
    expect(other.got.slice(0, 2).map(({ task }) => task.job)).toEqual([a.job.id, low.job.id]);
    expect(order).toContain(a.job.id);
    expect(await refused(yard, 'setPriority', { job: 99, priority: 1 })).toBe('not_found');
  });

  it('the order is job priority, task priority, age', async () => {
    await using yard = await openYard();
    const ids: number[] = [];
    for (const [job, task] of [
      [0, 0],
      [0, 5],
      [2, 0],
      [2, 1],
      [0, 5],
    ] as const) {
      ids.push((await submit(yard, { priority: job, spec: shell({ priority: task }) })).job.id);
    }
    const worker = await connect(yard, { slots: 9 });
    await settle();
    expect(worker.got.map(({ task }) => ids.indexOf(task.job))).toEqual([3, 2, 1, 4, 0]);
  });
});

describe('delete', () => {
  const gone = async (yard: Yard, job: number) => (await yard.engine.query.job(admin, job)).refusal?.code;

  it('hides at once, stops what runs, and leaves no row', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const { job, taskIds } = await submit(yard, array(600));
    await settle();
    await does(yard, 'delete', { job: job.id });
    expect(await gone(yard, job.id)).toBe('not_found');
    expect((await yard.engine.query.task(admin, taskIds[0]!)).refusal?.code).toBe('not_found');
    expect(await refused(yard, 'cancel', { job: job.id, kill: true })).toBe('not_found');
    expect(await refused(yard, 'delete', { job: job.id })).toBe('not_found');
    await settle();
    expect(worker.told.map(({ tell }) => tell)).toEqual(['kill']);
    expect(yard.rows().jobs.length).toBe(1);
    await worker.end(taskIds[0]!, 'failed');
    await settle();
    const { jobs, tasks, arrays, attempts, edges, sweeps } = yard.rows();
    expect({ jobs, tasks, arrays, attempts, edges, sweeps }).toEqual({
      jobs: [],
      tasks: [],
      arrays: [],
      attempts: [],
      edges: [],
      sweeps: [],
    });
    expect((await yard.store.query.tallies())[0]).toMatchObject({ finishedRuns: 0, counts: { canceled: 0, stopping: 0 } });
  });

  it('takes along what waits for it', async () => {
    await using yard = await openYard();
    const first = await submit(yard, {});
    const second = await submit(yard, { after: [first.job.id] });
    await does(yard, 'delete', { job: first.job.id });
    await settle();
    expect(await jobOf(yard, second.job.id)).toMatchObject({ state: 'canceled' });
    // Its parent is no more: it cannot be tried again.
    expect(await refused(yard, 'retry', { job: second.job.id })).toBe('wrong_state');
    expect(await refused(yard, 'retryTask', { task: second.taskIds[0]! })).toBe('wrong_state');
  });

  it('of a parent that has succeeded harms nobody', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard);
    const first = await submit(yard, {});
    const second = await submit(yard, { after: [first.job.id], hold: true });
    await settle();
    await worker.end(first.taskIds[0]!);
    await does(yard, 'delete', { job: first.job.id });
    await settle();
    await does(yard, 'release', { job: second.job.id });
    await settle();
    expect(await stateOf(yard, second.taskIds[0]!)).toBe('running');
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('clean', () => {
  const all = { states: ['succeeded', 'failed', 'canceled'], kinds: null, oneTask: false, limit: 100 } as const;

  it('takes ended jobs by state, age and size; each scope its own', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 9 });
    const mine = await submit(yard, {}, submitter);
    const failed = await submit(yard, {});
    const two = await submit(yard, array(2));
    const runs = await submit(yard, {});
    await settle();
    for (const id of [...mine.taskIds, two.taskIds[0]!, two.taskIds[0]! + 1]) await worker.end(id);
    await worker.end(failed.taskIds[0]!, 'failed');
    await yard.clock.advance(1_000);
    const endedBefore = yard.clock.now();
    const deleted = async (more: object, by = admin) => (await does(yard, 'clean', { ...all, endedBefore, ...more }, by)).deleted;
    expect(await deleted({ endedBefore: endedBefore - 5_000 })).toEqual([]);
    expect(await deleted({ kinds: ['print'] })).toEqual([]);
    expect(await deleted({ limit: 1 }, submitter)).toEqual([mine.job.id]);
    expect(await deleted({}, submitter)).toEqual([]);
    expect(await deleted({ states: ['failed'], oneTask: true })).toEqual([failed.job.id]);
    expect(await deleted({})).toEqual([two.job.id]);
    expect((await jobOf(yard, runs.job.id)).state).toBe('active');
  });

  it('says when there is more', async () => {
    await using yard = await openYard();
    for (let i = 0; i < 5; i++) {
      const { job } = await submit(yard, {});
      ok(await yard.engine.command(admin, 'cancel', { job: job.id, kill: true }));
    }
    await yard.clock.advance(1_000);
    const input = { ...all, endedBefore: yard.clock.now(), limit: 3 };
    expect(await does(yard, 'clean', input)).toMatchObject({ deleted: [1, 2, 3], more: true });
    expect(await does(yard, 'clean', input)).toMatchObject({ deleted: [4, 5], more: false });
  });
});

describe('scope', () => {
  it('a foreign job does not exist for an own scope', async () => {
    await using yard = await openYard();
    const { job } = await submit(yard, {});
    const input = { job: job.id };
    expect(await refused(yard, 'cancel', { ...input, kill: true }, submitter)).toBe('not_found');
    expect(await refused(yard, 'hold', input, submitter)).toBe('not_found');
    expect(await refused(yard, 'release', input, submitter)).toBe('not_found');
    expect(await refused(yard, 'retry', input, submitter)).toBe('not_found');
    expect(await refused(yard, 'delete', input, submitter)).toBe('not_found');
    expect(await refused(yard, 'setPriority', { ...input, priority: 1 }, submitter)).toBe('not_found');
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'waiting', priority: 0, intent: 'none' });
  });
});

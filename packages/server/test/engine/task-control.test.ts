import { describe, expect, it } from 'vitest';
import { does, graph, jobOf, refused, shell, stateOf, statesOf, taskOf } from './lib/ask.ts';
import { faultsIn } from './lib/checker.ts';
import { admin, connect, kueueProfile, ok, openYard, settle, submit, submitter, type Yard } from './lib/yard.ts';

describe('stop', () => {
  it('what waits is canceled at once, with its children', async () => {
    await using yard = await openYard();
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'] }));
    const [a, b] = taskIds as [number, number];
    const { before, task } = await does(yard, 'stop', { task: a, goal: 'canceled', reason: 'user', kill: false });
    expect([before, task.state]).toMatchObject(['ready', { state: 'canceled', reason: 'user' }]);
    await settle();
    expect((await taskOf(yard, b)).state).toMatchObject({ state: 'canceled', reason: 'dependency' });
    expect(await refused(yard, 'stop', { task: a, goal: 'canceled', reason: 'user', kill: true })).toBe('wrong_state');
  });

  it('what runs needs kill; its pools and its worker are taken until it reports; the report keeps the facts', async () => {
    await using yard = await openYard({ onDisk: true });
    await does(yard, 'setPool', { name: 'p', total: 1 });
    const worker = await connect(yard, { slots: 1 });
    const { taskIds } = await submit(yard, { spec: shell({ needs: { pools: { p: 1 } } }) });
    const [task] = taskIds as [number];
    await settle();
    const stop = { task, goal: 'canceled', reason: 'user' } as const;
    expect(await refused(yard, 'stop', { ...stop, kill: false })).toBe('running');
    await does(yard, 'stop', { ...stop, kill: true });
    await settle();
    expect(worker.told).toMatchObject([{ tell: 'kill', task: { id: task, attempt: 1 } }]);
    expect(yard.rows().pools[0]?.used).toBe(1);
    expect(yard.rows().workers[0]?.used.slots).toBe(1);
    await worker.end(task, 'failed', 137);
    await settle();
    const { attempts } = ok(await yard.engine.query.taskDetail(admin, task));
    expect([await stateOf(yard, task), attempts[0]]).toMatchObject([
      'canceled',
      { outcome: 'stopped', exitCode: 137, reason: 'user' },
    ]);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('a success under a cancel stays canceled, and the attempt says that it succeeded', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
    await worker.end(task);
    const { attempts } = ok(await yard.engine.query.taskDetail(admin, task));
    expect([await stateOf(yard, task), attempts[0]?.outcome]).toEqual(['canceled', 'succeeded']);
  });

  it('requeue brings it back without counting, failed spends a failure', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ retries: 1, backoffMs: 0 }) })).taskIds as [number];
    await settle();
    await does(yard, 'stop', { task, goal: 'requeue', reason: 'drain', kill: true });
    await worker.end(task, 'failed');
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ attempt: 2, failures: 0, losses: 0, state: { state: 'running' } });
    await does(yard, 'stop', { task, goal: 'failed', reason: 'timeout', kill: true });
    await worker.end(task, 'failed');
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ attempt: 2, failures: 1 });
  });

  it('an older attempt is not stopped in the place of the present one', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ retries: 1, backoffMs: 0 }) })).taskIds as [number];
    await settle();
    const stop = { task, attempt: 2, goal: 'failed', reason: 'timeout', kill: true } as const;
    expect(await refused(yard, 'stop', stop)).toBe('stale');
    expect(worker.told).toEqual([]);
  });

  it('is forced when nobody reports the end in time', async () => {
    await using yard = await openYard({ forceMs: 10_000, onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
    await settle();
    await yard.clock.advance(9_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('stopping');
    await yard.clock.advance(2_000);
    await settle();
    expect(await stateOf(yard, task)).toBe('canceled');
    // Late: kept on the attempt, and nothing else.
    expect(await worker.end(task)).toMatchObject({ value: { outcome: 'lost', task: { state: { state: 'canceled' } } } });
    expect(ok(await yard.engine.query.taskDetail(admin, task)).attempts[0]).toMatchObject({ outcome: 'lost', exitCode: 0 });
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('one index of an array', () => {
  const array = { spec: shell({ array: { from: 0, to: 9 } }) };

  it('can be held, released, canceled and retried before it has a row', async () => {
    await using yard = await openYard({ onDisk: true });
    const { taskIds, job } = await submit(yard, array);
    const first = taskIds[0]!;
    await does(yard, 'holdTask', { task: first + 3 });
    await does(yard, 'stop', { task: first + 5, goal: 'canceled', reason: 'user', kill: false });
    await does(yard, 'stop', { task: first, goal: 'canceled', reason: 'user', kill: false });
    expect(faultsIn(yard.rows())).toEqual([]);
    const worker = await connect(yard, { slots: 20 });
    await settle();
    expect(worker.got.map(({ value }) => value)).toEqual(['1', '2', '4', '6', '7', '8', '9']);
    await does(yard, 'releaseTask', { task: first + 3 });
    await does(yard, 'retryTask', { task: first + 5 });
    await settle();
    expect(worker.got.slice(7).map(({ value }) => value)).toEqual(['3', '5']);
    for (const { task } of worker.got) await worker.end(task.id);
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', counts: { succeeded: 9, canceled: 1 } });
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('an array of nothing but canceled indices hides nothing that stands behind it', async () => {
    await using yard = await openYard({ onDisk: true });
    const { taskIds } = await submit(yard, { spec: shell({ array: { from: 0, to: 399 } }), priority: 5 });
    for (let i = 0; i < 400; i++) {
      await does(yard, 'stop', { task: taskIds[0]! + i, goal: 'canceled', reason: 'user', kill: false });
    }
    const behind = await submit(yard, {});
    const worker = await connect(yard, { slots: 4 });
    await settle();
    expect(worker.got.map(({ task }) => task.id)).toEqual(behind.taskIds);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('held while its array waits for a parent, it follows its array', async () => {
    await using yard = await openYard({ onDisk: true });
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'] }, { b: { array: { from: 0, to: 3 } } }));
    const [a, b] = taskIds as [number, number];
    await does(yard, 'holdTask', { task: b });
    await does(yard, 'holdTask', { task: b + 2 });
    await does(yard, 'releaseTask', { task: b });
    const worker = await connect(yard, { slots: 9 });
    await settle();
    await worker.end(a);
    await settle();
    expect(await statesOf(yard, [b, b + 1, b + 2, b + 3])).toEqual(['running', 'running', 'waiting', 'running']);
    await does(yard, 'releaseTask', { task: b + 2 });
    await settle();
    expect(await stateOf(yard, b + 2)).toBe('running');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('is lost with its array when the parent fails, and revived with it', async () => {
    await using yard = await openYard({ onDisk: true });
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'] }, { b: { array: { from: 0, to: 3 } } }));
    const [a, b] = taskIds as [number, number];
    await does(yard, 'holdTask', { task: b + 1 });
    await does(yard, 'stop', { task: a, goal: 'failed', reason: 'user', kill: true });
    await settle();
    expect(await statesOf(yard, [b, b + 1])).toEqual(['canceled', 'canceled']);
    await does(yard, 'retryTask', { task: a });
    await settle();
    expect(await statesOf(yard, [a, b, b + 1])).toEqual(['ready', 'waiting', 'waiting']);
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('members of an array and their parents', () => {
  const parentAndArray = async (yard: Yard) => {
    const parent = await submit(yard, {});
    const array = await submit(yard, { after: [parent.job.id], spec: shell({ array: { from: 0, to: 3 } }) });
    return { parent: parent.job.id, array: array.job.id, first: array.taskIds[0]! };
  };

  it('one tried again by hand, in an array that was canceled, is lost with the parent all the same', async () => {
    await using yard = await openYard({ onDisk: true });
    const { parent, array, first } = await parentAndArray(yard);
    await does(yard, 'cancel', { job: array, kill: true });
    await does(yard, 'retryTask', { task: first + 1 });
    expect(await stateOf(yard, first + 1)).toBe('waiting');
    await does(yard, 'cancel', { job: parent, kill: true });
    await settle();
    expect(await stateOf(yard, first + 1)).toBe('canceled');
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('one held by hand is lost with a parent that is deleted', async () => {
    await using yard = await openYard({ onDisk: true });
    const { parent, first } = await parentAndArray(yard);
    await does(yard, 'holdTask', { task: first + 2 });
    await does(yard, 'delete', { job: parent });
    await settle();
    expect(await statesOf(yard, [first, first + 2])).toEqual(['canceled', 'canceled']);
    expect(faultsIn(yard.rows())).toEqual([]);
  });
});

describe('hold and release of one task', () => {
  it('an offer is withdrawn, and made again after the answer', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await does(yard, 'holdTask', { task });
    await settle();
    expect([await stateOf(yard, task), worker.told]).toMatchObject(['waiting', [{ tell: 'withdraw' }]]);
    await does(yard, 'releaseTask', { task });
    await settle();
    // It has not answered the withdrawal yet.
    expect([await stateOf(yard, task), worker.offered.length]).toEqual(['ready', 1]);
    await does(yard, 'decline', { task, session: worker.session, how: 'defer' });
    await settle();
    expect([await stateOf(yard, task), worker.offered.length]).toEqual(['offered', 2]);
  });

  it('refuses what runs, what has ended, and a release under a held job', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    expect(await refused(yard, 'holdTask', { task })).toBe('wrong_state');
    await worker.end(task);
    expect(await refused(yard, 'holdTask', { task })).toBe('wrong_state');
    expect(await refused(yard, 'releaseTask', { task })).toBe('wrong_state');
    const held = await submit(yard, { hold: true });
    expect(await refused(yard, 'releaseTask', { task: held.taskIds[0]! })).toBe('wrong_state');
    expect(await refused(yard, 'holdTask', { task: 99 })).toBe('not_found');
  });
});

describe('retryTask', () => {
  it('zeroes the budgets and forgets who failed it; the attempt number goes on', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const [task] = (await submit(yard, { spec: shell({ retries: 1, backoffMs: 0, retryOn: 'distinct' }) })).taskIds as [number];
    await settle();
    await worker.end(task, 'failed');
    await settle();
    expect((await taskOf(yard, task)).state).toMatchObject({ state: 'failed', reason: 'no-candidate' });
    await does(yard, 'retryTask', { task });
    await settle();
    expect(await taskOf(yard, task)).toMatchObject({ state: { state: 'running' }, attempt: 2, failures: 0 });
    expect(await refused(yard, 'retryTask', { task })).toBe('wrong_state');
  });

  it('a task whose parent is lost names it, until that is tried again', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'], c: ['b'] }));
    const [a, b, c] = taskIds as [number, number, number];
    await settle();
    await worker.end(a, 'failed');
    await settle();
    const { refusal } = await yard.engine.command(admin, 'retryTask', { task: b });
    expect(refusal).toMatchObject({
      code: 'wrong_state',
      detail: `Task ${b} depends on task ${a}, which is failed: try that again first`,
    });
    await does(yard, 'retryTask', { task: a });
    await settle();
    expect(await statesOf(yard, [a, b, c])).toEqual(['running', 'waiting', 'waiting']);
  });

  it('of a succeeded task leaves its children alone', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    const { taskIds } = await submit(yard, graph({ a: [], b: ['a'] }));
    const [a, b] = taskIds as [number, number];
    await settle();
    await worker.end(a);
    await settle();
    await does(yard, 'retryTask', { task: a });
    await worker.end(b);
    await settle();
    await worker.end(a, 'failed');
    await settle();
    expect(await statesOf(yard, [a, b])).toEqual(['failed', 'succeeded']);
    expect(faultsIn(yard.rows())).toEqual([]);
  });

  it('in a job that was canceled takes that back; while it is being canceled it is refused', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const { job, taskIds } = await submit(yard, { spec: shell({ array: { from: 0, to: 2 } }) });
    const [first] = taskIds as [number];
    await settle();
    await does(yard, 'cancel', { job: job.id, kill: true });
    expect(await refused(yard, 'retryTask', { task: first + 1 })).toBe('wrong_state');
    await worker.end(first, 'failed');
    await settle();
    await does(yard, 'retryTask', { task: first + 1 });
    await settle();
    expect([await jobOf(yard, job.id), worker.got.length]).toMatchObject([{ state: 'active', intent: 'none' }, 2]);
  });
});

describe('suspend and resume', () => {
  it('are told to the worker; it keeps its place', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await does(yard, 'suspend', { task });
    expect(await refused(yard, 'suspend', { task })).toBe('wrong_state');
    await submit(yard, {});
    await settle();
    expect([await stateOf(yard, task), worker.got.length]).toEqual(['suspended', 1]);
    await does(yard, 'resume', { task });
    await settle();
    expect(worker.told.map(({ tell }) => tell)).toEqual(['suspend', 'resume']);
    await worker.end(task);
    expect(await stateOf(yard, task)).toBe('succeeded');
    expect(await refused(yard, 'resume', { task })).toBe('wrong_state');
  });

  it('are refused where the worker cannot', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true });
    const [task] = (await submit(yard, {})).taskIds as [number];
    await settle();
    await does(yard, 'accept', { task, session: worker.session });
    expect(await refused(yard, 'suspend', { task })).toBe('unsupported');
    expect(await refused(yard, 'suspend', { task: 77 })).toBe('not_found');
  });
});

describe('scope', () => {
  it('a foreign task does not exist for an own scope', async () => {
    await using yard = await openYard();
    const [foreign] = (await submit(yard, { spec: shell({ array: { from: 0, to: 3 } }) })).taskIds as [number];
    const [mine] = (await submit(yard, {}, submitter)).taskIds as [number];
    for (const task of [foreign, foreign + 2]) {
      expect(await refused(yard, 'holdTask', { task }, submitter)).toBe('not_found');
      expect(await refused(yard, 'releaseTask', { task }, submitter)).toBe('not_found');
      expect(await refused(yard, 'retryTask', { task }, submitter)).toBe('not_found');
      expect(await refused(yard, 'suspend', { task }, submitter)).toBe('not_found');
      expect(await refused(yard, 'resume', { task }, submitter)).toBe('not_found');
      const stop = { task, goal: 'canceled', reason: 'user', kill: true } as const;
      expect(await refused(yard, 'stop', stop, submitter)).toBe('not_found');
    }
    expect(await refused(yard, 'holdTask', { task: mine }, submitter)).toBe('not refused');
    expect(await stateOf(yard, foreign)).toBe('ready');
  });
});

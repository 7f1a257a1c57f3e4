import { describe, expect, it } from 'vitest';
import { type Counts, totalOf } from '../../src/domain/counts.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { JobPlan } from '../../src/engine/commands.ts';
import { compile } from '../../src/kinds/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { until } from '../lib/until.ts';
import { does, graph, jobOf, refused, shell, stateOf, statesOf } from './lib/ask.ts';
import { admin, connect, kueueProfile, ok, openYard, settle, submit, submitter, type Yard } from './lib/yard.ts';

function planOf(request: Record<string, unknown>): JobPlan {
  return ok(compile({ spec: shell(), ...request } as never));
}
const send = (yard: Yard, request: Record<string, unknown>, options: { key?: string; hash?: string } = {}, by = admin) =>
  yard.engine.submit(by, planOf(request), options);

describe('submit', () => {
  it('gives ids in a row, never used again', async () => {
    await using yard = await openYard();
    const first = await submit(yard, { spec: shell({ array: { from: 0, to: 9 } }) });
    const second = await submit(yard, {});
    expect([first.taskIds, second.taskIds]).toEqual([[1], [11]]);
    await does(yard, 'delete', { job: second.job.id });
    await settle();
    expect((await submit(yard, {})).taskIds).toEqual([12]);
  });

  it('refuses what could never run, and names the culprit', async () => {
    await using yard = await openYard();
    await does(yard, 'setPool', { name: 'licence', total: 2 });
    await does(yard, 'setPool', { name: 'kind:shell', total: 3 });
    const code = async (request: Record<string, unknown>) => (await send(yard, request)).refusal;
    expect(await code({ spec: shell({ needs: { pools: { nix: 1 } } }) })).toMatchObject({ code: 'unknown_pool' });
    expect(await code({ spec: shell({ needs: { pools: { licence: 3 } } }) })).toMatchObject({ code: 'impossible' });
    expect(await code({ spec: shell({ needs: { slots: 4 } }) })).toMatchObject({ code: 'impossible' });
    const inGraph = graph({ a: [], b: ['a'] }, { b: { needs: { pools: { nix: 1 } } } });
    expect(await code(inGraph)).toMatchObject({ code: 'unknown_pool', at: '/spec/tasks/b/needs/pools' });
    expect(await code({ after: [99] })).toMatchObject({ code: 'unknown_parent', at: '/after' });
  });

  it('a foreign or deleted job is no parent', async () => {
    await using yard = await openYard();
    const foreign = await submit(yard, {});
    expect((await send(yard, { after: [foreign.job.id] }, {}, submitter)).refusal?.code).toBe('unknown_parent');
    await does(yard, 'delete', { job: foreign.job.id });
    expect((await send(yard, { after: [foreign.job.id] })).refusal?.code).toBe('unknown_parent');
  });

  it('a principal bound to kinds submits no others', async () => {
    await using yard = await openYard();
    const bound: Principal = { ...admin, kinds: ['print'] };
    expect((await send(yard, {}, {}, bound)).refusal?.code).toBe('forbidden');
  });

  it('a start time holds the roots back until it comes', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const at = new Date(yard.clock.now() + 60_000).toISOString();
    const { taskIds } = await submit(yard, { notBefore: at, ...graph({ a: [], b: ['a'] }) });
    await yard.clock.advance(59_000);
    await settle();
    expect(worker.got).toEqual([]);
    await yard.clock.advance(1_001);
    await settle();
    expect(worker.got.map(({ task }) => task.id)).toEqual([taskIds[0]]);
  });

  it('a job that is submitted held waits for its release', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { job, taskIds } = await submit(yard, { hold: true });
    await settle();
    expect([job.state, await stateOf(yard, taskIds[0]!), worker.got.length]).toEqual(['held', 'waiting', 0]);
    await does(yard, 'release', { job: job.id });
    await settle();
    expect(worker.got.length).toBe(1);
  });

  it('bodies name the tasks whose files they take by id', async () => {
    await using yard = await openYard();
    const tasks = [
      { key: 'sum', ...shell({ inputs: [{ path: 'in', task: 'tile', artifact: '{index}.png' }] }) },
      { key: 'tile', ...shell({ array: { items: ['x', 'y', 'z'] } }) },
    ];
    const { taskIds } = await submit(yard, { kind: 'graph', spec: { tasks } });
    const { body } = ok(await yard.engine.query.taskDetail(admin, taskIds[1]!));
    expect(JSON.parse(body).inputs).toEqual([{ path: 'in', task: taskIds[0], count: 3, artifact: '{index}.png' }]);
  });
});

describe('idempotency', () => {
  it('the same request under the same key is answered again, with all its ids', async () => {
    await using yard = await openYard();
    const request = graph({ a: [], b: ['a'], c: ['b'] });
    const first = ok(await send(yard, request, { key: 'k', hash: 'h' }));
    const again = ok(await send(yard, request, { key: 'k', hash: 'h' }));
    expect(again).toMatchObject({ replayed: true, taskIds: first.taskIds, job: { id: first.job.id } });
    expect(await yard.engine.query.jobs(admin, {}, { limit: 10, cursor: null, order: 'asc' })).toHaveLength(1);
  });

  it('another request under the same key is refused; other owners have keys of their own', async () => {
    await using yard = await openYard();
    ok(await send(yard, {}, { key: 'k', hash: 'h' }));
    expect((await send(yard, {}, { key: 'k', hash: 'other' })).refusal?.code).toBe('key_reused');
    expect(ok(await send(yard, {}, { key: 'k', hash: 'h' }, submitter)).replayed).toBe(false);
  });

  it('a key of a deleted job says so', async () => {
    await using yard = await openYard();
    const { job } = ok(await send(yard, {}, { key: 'k', hash: 'h' }));
    await does(yard, 'delete', { job: job.id });
    expect((await send(yard, {}, { key: 'k', hash: 'h' })).refusal?.code).toBe('gone');
    await settle();
    expect((await send(yard, {}, { key: 'k', hash: 'h' })).refusal?.code).toBe('gone');
  });

  it('twice at once is one job', async () => {
    await using yard = await openYard();
    const [a, b] = await Promise.all([1, 2].map(() => send(yard, {}, { key: 'k', hash: 'h' })));
    expect([ok(a!).job.id, ok(b!).job.id, ok(b!).replayed]).toEqual([1, 1, true]);
  });
});

describe('submit in many parts', () => {
  const wide = (n: number) => ({
    kind: 'graph',
    spec: {
      tasks: [
        ...Array.from({ length: n }, (_, i) => ({ key: `t${i}`, ...shell() })),
        ...Array.from({ length: 5 }, (_, i) => ({ key: `sum${i}`, ...shell(), after: [`t${i}`, `t${n - 1}`] })),
      ],
    },
  });

  it('5,000 tasks: all or nothing is claimed, then all of it runs', { timeout: 60_000 }, async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 100_000 });
    const begunAt: number[] = [];
    yard.engine.feed.subscribe({ kinds: ['job.changed'] }, (changes) => {
      for (const { json } of changes) {
        const { counts } = JSON.parse(json) as { counts: Counts };
        if (counts.running > 0) begunAt.push(totalOf(counts));
      }
    });
    const { job, taskIds } = ok(await send(yard, wide(5_000)));
    expect([taskIds.length, job.counts.ready, job.counts.waiting]).toEqual([5_005, 5_000, 5]);
    await settle();
    expect(begunAt[0]).toBe(5_005);
    expect(worker.got).toHaveLength(5_000);
    for (const { task } of [...worker.got]) void worker.end(task.id);
    await settle();
    expect(worker.got.slice(5_000).map(({ task }) => task.key)).toEqual(['sum0', 'sum1', 'sum2', 'sum3', 'sum4']);
    expect(yard.errors).toEqual([]);
  });

  it('what is refused in a later part takes the whole job back', async () => {
    await using yard = await openYard();
    const request = wide(2_000);
    Object.assign(request.spec.tasks[1_900]!, { needs: { pools: { nix: 1 } } });
    expect((await send(yard, request)).refusal?.code).toBe('unknown_pool');
    await settle();
    expect(await yard.engine.query.jobs(admin, {}, { limit: 10, cursor: null, order: 'asc' })).toEqual([]);
    expect((await yard.store.query.tallies())[0]?.counts.ready).toBe(0);
  });

  it('a crash in the middle leaves nothing, and the key is free again', async () => {
    let parts = 0;
    // The server dies after the second part: later commands of the old engine never reach the store.
    const around = (store: Store): Store => ({
      ...store,
      run(commands, lane) {
        if (commands.some(({ name }) => name === 'extend')) parts += 1;
        return parts === 2 ? new Promise(() => {}) : store.run(commands, lane);
      },
    });
    await using yard = await openYard({ around, onDisk: true });
    void send(yard, wide(5_000), { key: 'k', hash: 'h' });
    await until(() => parts === 2);
    parts = 10;
    await yard.restart({ crashed: true });
    await settle();
    expect(yard.rows()).toMatchObject({ jobs: [], tasks: [], edges: [] });
    const again = ok(await send(yard, wide(1_000), { key: 'k', hash: 'h' }));
    expect(again).toMatchObject({ replayed: false });
    expect(await stateOf(yard, again.taskIds[0]!)).toBe('ready');
  });

  it('the same large request twice at once is one job', async () => {
    await using yard = await openYard();
    const both = await Promise.all([1, 2].map(() => send(yard, wide(2_000), { key: 'k', hash: 'h' })));
    await settle();
    const ids = both.map((one) => ok(one).job.id);
    expect(ids[0]).toBe(ids[1]);
    expect(both.map((one) => ok(one).replayed).sort()).toEqual([false, true]);
    expect(await yard.engine.query.jobs(admin, {}, { limit: 10, cursor: null, order: 'asc' })).toHaveLength(1);
  });

  it('while it is taken in it can be canceled, but not held', async () => {
    const held: string[] = [];
    let yard: Yard;
    const around = (store: Store): Store => ({
      ...store,
      async run(commands, lane) {
        const result = await store.run(commands, lane);
        if (held.length === 0 && commands.some(({ name }) => name === 'submit')) {
          held.push('asked');
          void refused(yard, 'hold', { job: 1 }).then((code) => held.push(code));
          void does(yard, 'cancel', { job: 1, kill: false }).then(() => held.push('canceled'));
        }
        return result;
      },
    });
    yard = await openYard({ around });
    await using _ = yard;
    const result = await send(yard, wide(3_000));
    await settle();
    expect(held.sort()).toEqual(['asked', 'canceled', 'wrong_state']);
    expect(result.refusal?.code).toBe('wrong_state');
    expect(await yard.engine.query.jobs(admin, {}, { limit: 10, cursor: null, order: 'asc' })).toEqual([]);
  });

  it('a held one stays held, a deadline of its parent reaches the later parts too', async () => {
    await using yard = await openYard();
    const parent = await submit(yard, {});
    const { job } = ok(await send(yard, { ...wide(2_000), hold: true, after: [parent.job.id] }));
    expect([job.state, job.counts.waiting]).toEqual(['held', 2_005]);
    await does(yard, 'cancel', { job: parent.job.id, kill: true });
    await settle();
    expect(await jobOf(yard, job.id)).toMatchObject({ state: 'canceled', counts: { canceled: 2_005 } });
  });
});

describe('startOn', () => {
  it('commits job and attempt together and hands it over', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { started, taskIds } = await submit(yard, { startOn: worker.id });
    expect(started?.task).toMatchObject({ id: taskIds[0], attempt: 1, state: { state: 'running', worker: worker.id } });
    await settle();
    expect(worker.got.map(({ task }) => task.id)).toEqual(taskIds);
    await worker.end(taskIds[0]!);
    expect(await statesOf(yard, taskIds)).toEqual(['succeeded']);
  });

  it('is refused whole, with the reason, and leaves nothing', async () => {
    await using yard = await openYard();
    await does(yard, 'setPool', { name: 'licence', total: 1 });
    const worker = await connect(yard, { slots: 1, tags: ['files'] });
    const chooser = await connect(yard, { profile: kueueProfile, onlyOffers: true, name: 'chooser' });
    const code = async (more: Record<string, unknown>) => (await send(yard, { startOn: worker.id, ...more })).refusal?.code;
    expect(await code({ startOn: 99 })).toBe('not_found');
    expect(await code({ startOn: chooser.id })).toBe('worker_unavailable');
    expect(await code({ spec: shell({ array: { from: 0, to: 1 } }) })).toBe('invalid');
    expect(await code(graph({ a: [], b: [] }))).toBe('invalid');
    expect(await code({ spec: shell({ needs: { tags: ['gpu'] } }) })).toBe('worker_unavailable');
    expect(await code({ hold: true })).toBe('worker_unavailable');
    await does(yard, 'wish', { worker: worker.id, mode: 'asleep', lazy: true });
    expect(await code({})).toBe('worker_unavailable');
    await does(yard, 'wish', { worker: worker.id, mode: 'awake', lazy: true });
    ok(await send(yard, { startOn: worker.id, spec: shell({ needs: { pools: { licence: 1 } } }) }));
    expect(await code({})).toBe('worker_unavailable');
    const other = await connect(yard, { name: 'other' });
    expect(await code({ startOn: other.id, spec: shell({ needs: { pools: { licence: 1 } } }) })).toBe('worker_unavailable');
    expect(await yard.engine.query.jobs(admin, {}, { limit: 10, cursor: null, order: 'asc' })).toHaveLength(1);
  });
});

describe('files of other jobs', () => {
  it('are taken only from tasks that the submitter may see', async () => {
    await using yard = await openYard();
    const foreign = await submit(yard, {});
    const mine = await submit(yard, {}, submitter);
    const from = (task: number) => ({ spec: shell({ inputs: [{ path: 'in', task, artifact: 'out' }] }) });
    expect(ok(await send(yard, from(mine.taskIds[0]!), {}, submitter)).replayed).toBe(false);
    expect((await send(yard, from(foreign.taskIds[0]!), {}, submitter)).refusal?.code).toBe('unknown_parent');
    expect((await send(yard, from(foreign.taskIds[0]!))).refusal).toBeUndefined();
    expect((await send(yard, from(999))).refusal?.code).toBe('unknown_parent');
  });
});

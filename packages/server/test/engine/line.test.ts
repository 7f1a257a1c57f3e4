import { expect, test } from 'vitest';
import { admin, connect, ok, openYard, settle, submit } from './lib/yard.ts';

test('a job runs on a waiting worker and succeeds', async () => {
  await using yard = await openYard();
  const worker = await connect(yard);
  const { job, taskIds } = await submit(yard, {});
  await settle();
  expect(worker.got.map(({ task }) => task.id)).toEqual(taskIds);
  await worker.end(taskIds[0]!);
  const now = ok(await yard.engine.query.job(admin, job.id));
  expect(now.state).toBe('succeeded');
  expect(now.counts.succeeded).toBe(1);
  expect(yard.errors).toEqual([]);
});

test('a job waits for a worker and is given to it when it comes', async () => {
  await using yard = await openYard();
  const { taskIds } = await submit(yard, {});
  const worker = await connect(yard);
  await settle();
  expect(worker.got.map(({ task }) => task.id)).toEqual(taskIds);
});

test('an array of a million is one row, runs in order, and stops when canceled', async () => {
  await using yard = await openYard();
  const { job } = await submit(yard, { spec: { argv: ['true'], cwd: '/', array: { from: 1, to: 1_000_000 } } });
  expect(job.counts.ready).toBe(1_000_000);
  const worker = await connect(yard, { slots: 3 });
  await settle();
  expect(worker.got.map(({ value }) => value)).toEqual(['1', '2', '3']);
  await worker.end(worker.got[0]!.task.id);
  await settle();
  expect(worker.got.length).toBe(4);
  const { job: canceled } = ok(await yard.engine.command(admin, 'cancel', { job: job.id, kill: true }));
  expect(canceled.counts.canceled).toBe(1_000_000 - 4);
  await settle();
  expect(worker.told.filter(({ tell }) => tell === 'kill').length).toBe(3);
  for (const { task } of worker.got.slice(1)) await worker.end(task.id, 'failed');
  await settle();
  const now = ok(await yard.engine.query.job(admin, job.id));
  expect([now.state, worker.got.length]).toEqual(['canceled', 4]);
  expect(yard.errors).toEqual([]);
});

test('a graph: a task that depends on an array runs after all of it', async () => {
  await using yard = await openYard();
  const { job } = await submit(yard, {
    kind: 'graph',
    spec: {
      tasks: [
        { key: 'sum', argv: ['sum'], after: ['tile'] },
        { key: 'tile', argv: ['tile'], array: { from: 0, to: 2 } },
      ],
    },
  });
  const worker = await connect(yard, { slots: 8 });
  await settle();
  expect(worker.got.length).toBe(3);
  for (const { task } of worker.got.slice(0, 3)) await worker.end(task.id);
  await settle();
  expect(worker.got.map(({ task }) => task.key)).toEqual(['tile', 'tile', 'tile', 'sum']);
  await worker.end(worker.got[3]!.task.id);
  expect(ok(await yard.engine.query.job(admin, job.id)).state).toBe('succeeded');
  expect(yard.errors).toEqual([]);
});

test('a failed parent cancels what depends on it; a retry revives it', async () => {
  await using yard = await openYard();
  const { job, taskIds } = await submit(yard, {
    kind: 'graph',
    spec: {
      tasks: [
        { key: 'a', argv: ['a'] },
        { key: 'b', argv: ['b'], after: ['a'] },
        { key: 'c', argv: ['c'], after: ['b'] },
      ],
    },
  });
  const worker = await connect(yard);
  await settle();
  await worker.end(taskIds[0]!, 'failed', 3);
  await settle();
  expect(ok(await yard.engine.query.job(admin, job.id))).toMatchObject({ state: 'failed', counts: { failed: 1, canceled: 2 } });
  ok(await yard.engine.command(admin, 'retryTask', { task: taskIds[0]! }));
  await settle();
  expect(ok(await yard.engine.query.job(admin, job.id))).toMatchObject({ counts: { failed: 0, canceled: 0, waiting: 2 } });
  await yard.clock.advance(40_000);
  await settle();
  for (const id of taskIds) {
    await worker.end(id);
    await settle();
  }
  expect(ok(await yard.engine.query.job(admin, job.id)).state).toBe('succeeded');
  expect(yard.errors).toEqual([]);
});

test('a lost connection: within the grace the worker keeps its task, after it the task runs elsewhere', async () => {
  await using yard = await openYard();
  const worker = await connect(yard, { slots: 1, name: 'first' });
  const { taskIds } = await submit(yard, {});
  await settle();
  expect(worker.got.length).toBe(1);
  await worker.handle.lost();
  const other = await connect(yard, { name: 'second' });
  await settle();
  await yard.clock.advance(14_000);
  await settle();
  expect(other.got).toEqual([]);
  await yard.clock.advance(2_000);
  await settle();
  expect(other.got.map(({ task }) => [task.id, task.attempt, task.losses])).toEqual([[taskIds[0], 2, 1]]);
});

test('pools are never exceeded and given back', async () => {
  await using yard = await openYard();
  ok(await yard.engine.command(admin, 'setPool', { name: 'matlab', total: 2 }));
  const a = await connect(yard, { slots: 4 });
  const b = await connect(yard, { slots: 4 });
  for (let i = 0; i < 6; i++) await submit(yard, { spec: { argv: ['x'], cwd: '/', needs: { pools: { matlab: 1 } } } });
  await settle();
  const done = new Set<number>();
  for (let round = 0; round < 6; round++) {
    const running = [...a.got, ...b.got].filter(({ task }) => !done.has(task.id));
    expect(running.length).toBeLessThanOrEqual(2);
    const first = running[0]!;
    done.add(first.task.id);
    await (a.got.includes(first) ? a : b).end(first.task.id);
    await settle();
  }
  expect(done.size).toBe(6);
  expect((await yard.engine.query.pools(admin))[0]).toMatchObject({ used: 0, total: 2 });
});

test('offers: deferred until new resources, rejected for the session, expired ones withdrawn', async () => {
  await using yard = await openYard();
  const { kueueProfile, workerPrincipal } = await import('./lib/yard.ts');
  const worker = await connect(yard, { profile: kueueProfile, onlyOffers: true, tags: [] });
  const { taskIds } = await submit(yard, {});
  const [task] = taskIds as [number];
  await settle();
  expect(worker.offered.map((one) => one.task.id)).toEqual([task]);
  const { session } = worker;
  ok(await yard.engine.command(workerPrincipal, 'decline', { task, session, how: 'defer' }));
  await settle();
  expect(worker.offered.length).toBe(1);
  const reported = { slots: 2, cpus: 4, ramMb: 500, named: {} };
  ok(
    await yard.engine.command(workerPrincipal, 'refresh', {
      worker: worker.id,
      session,
      reported,
      total: null,
      info: null,
      mode: null,
      seenAt: null,
    }),
  );
  await settle();
  expect(worker.offered.length).toBe(2);
  await yard.clock.advance(61_000);
  await settle();
  expect(worker.told.map(({ tell }) => tell)).toContain('withdraw');
  const late = await yard.engine.command(workerPrincipal, 'accept', { task, session });
  expect(late.refusal?.code).toBe('void_offer');
  await settle();
  expect(worker.offered.length).toBe(3);
  const { assignment } = ok(await yard.engine.command(workerPrincipal, 'accept', { task, session }));
  expect(assignment.task.attempt).toBe(1);
  await worker.end(task);
  expect(yard.errors).toEqual([]);
});

test('logs: small ones in the store, large ones in files, followed to the end', async () => {
  await using yard = await openYard();
  const worker = await connect(yard);
  const { taskIds } = await submit(yard, {});
  await settle();
  const at = { task: taskIds[0]!, attempt: 1, stream: 'out' as const };
  const bytes = Buffer.from('x'.repeat(3000));
  ok(await yard.engine.logs.append(at, 0, bytes));
  ok(await yard.engine.logs.append(at, 0, bytes));
  ok(await yard.engine.logs.append(at, 3000, bytes));
  const followed: Uint8Array[] = [];
  const following = (async () => {
    for await (const chunk of yard.engine.logs.follow(admin, at, 0, new AbortController().signal)) followed.push(chunk);
  })();
  await settle();
  ok(await yard.engine.logs.append(at, null, Buffer.from('end')));
  await worker.end(taskIds[0]!);
  await following;
  expect(Buffer.concat(followed).toString()).toBe(`${'x'.repeat(6000)}end`);
});

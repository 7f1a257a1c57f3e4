import { expect, test } from 'vitest';
import { admin, connect, ok, openYard, settle, submit, submitter, workerPrincipal } from './lib/yard.ts';

const stranger = { ...workerPrincipal, id: 'token:9', name: 'another worker' };

test("a worker's credential sees the tasks that it runs and of all others only the files they left", async () => {
  await using yard = await openYard();
  const worker = await connect(yard, { slots: 1 });
  const { taskIds } = await submit(yard, { spec: { argv: ['true'], cwd: '/', env: { PASSWORD: 'secret' } } });
  const [task] = taskIds as [number];
  await settle();
  expect(ok(await yard.engine.query.taskDetail(workerPrincipal, task)).body).toContain('secret');
  expect((await yard.engine.query.taskDetail(stranger, task)).refusal?.code).toBe('not_found');
  expect((await yard.engine.query.task(stranger, task)).refusal?.code).toBe('not_found');
  expect(
    (await yard.engine.logs.read(stranger, { task, attempt: 1, stream: 'out' }, { start: 0, end: null })).refusal?.code,
  ).toBe('not_found');
  await worker.end(task);
  expect(ok(await yard.engine.query.artifacts(stranger, task))).toEqual([]);
});

test('a submitter sees its own jobs and tasks, not those of others', async () => {
  await using yard = await openYard();
  const mine = await submit(yard, {}, submitter);
  const other = await submit(yard, {}, admin);
  const page = { limit: 10, cursor: null, order: 'asc' } as const;
  expect((await yard.engine.query.jobs(submitter, {}, page)).map(({ id }) => id)).toEqual([mine.job.id]);
  expect((await yard.engine.query.tasks(submitter, {}, page)).map(({ task }) => task.job)).toEqual([mine.job.id]);
  expect((await yard.engine.query.job(submitter, other.job.id)).refusal?.code).toBe('not_found');
  expect((await yard.engine.query.task(submitter, other.taskIds[0]!)).refusal?.code).toBe('not_found');
  expect((await yard.engine.query.artifacts(submitter, other.taskIds[0]!)).refusal?.code).toBe('not_found');
  expect((await yard.engine.command(submitter, 'cancel', { job: other.job.id, kill: true })).refusal?.code).toBe('not_found');
});

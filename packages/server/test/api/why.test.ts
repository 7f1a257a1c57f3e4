import { describe, expect, test } from 'vitest';
import { connect, settle } from '../engine/lib/yard.ts';
import { openApiYard } from './lib/api-yard.ts';
import { refusal } from './lib/refusal.ts';

const hello = { spec: { argv: ['echo', 'hi'], cwd: '/' } };

describe('why', () => {
  test('a task: words, code, times and workers; nothing once it runs', async () => {
    await using place = await openApiYard();
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit(hello);
    const alone = await tasks.why(job.firstTask);
    const none = { until: null, workers: [], count: 0, data: {} };
    expect(alone).toEqual({
      task: job.firstTask,
      job: job.id,
      state: 'ready',
      causes: [{ ...none, code: 'nobody', text: 'there is no worker' }],
    });
    await connect(place.yard, { name: 'w', slots: 1 });
    await settle();
    expect(await tasks.why(job.firstTask)).toMatchObject({ state: 'running', causes: [] });
    const next = (await jobs.submit(hello)).job;
    expect((await tasks.why(next.firstTask)).causes).toMatchObject([
      { code: 'busy', workers: [{ name: 'w' }], count: 1, data: { what: 'slots', wanted: 1, free: 0 } },
    ]);
    const at = new Date(place.yard.clock.now() + 60_000).toISOString();
    const later = (await jobs.submit({ ...hello, notBefore: at })).job;
    expect((await tasks.why(later.firstTask)).causes).toMatchObject([{ code: 'time', until: at, data: { failures: 0 } }]);
  });

  test('a job: each reason once, with how many tasks it is true of', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const spec = {
      tasks: [
        { key: 'a', argv: ['x'], cwd: '/' },
        { key: 'b', argv: ['x'], cwd: '/' },
        { key: 'c', argv: ['x'], cwd: '/', after: ['a'] },
      ],
    };
    const { job } = await jobs.submit({ kind: 'graph', spec });
    expect(await jobs.why(job.id)).toMatchObject({
      job: job.id,
      state: 'waiting',
      waiting: 3,
      free: 0,
      causes: [
        { code: 'nobody', tasks: 3, example: job.firstTask },
        { code: 'parent', text: `it waits for task ${job.firstTask} (a), which is ready`, tasks: 1 },
      ],
    });
  });

  test('of foreign ones nobody learns', async () => {
    await using place = await openApiYard();
    const { job } = await place.as('ada').jobs.submit(hello);
    const bob = place.as('bob');
    expect((await refusal(bob.jobs.why(job.id))).code).toBe('not_found');
    expect((await refusal(bob.tasks.why(job.firstTask))).code).toBe('not_found');
    expect((await refusal(place.as('ada').tasks.why(999))).code).toBe('not_found');
    expect((await refusal(place.as('worker').jobs.why(job.id))).code).toBe('forbidden');
  });
});

describe('blocks', () => {
  test('a worker is kept from a job, seen from both sides, and forgiven', async () => {
    await using place = await openApiYard();
    const operator = place.as('operator');
    const worker = await connect(place.yard, { name: 'w', slots: 1, kinds: ['shell'] });
    const { job } = await place.as('ada').jobs.submit({ ...hello, hold: true });
    const until = new Date(place.yard.clock.now() + 60_000).toISOString();
    const [row] = await operator.jobs.block(job.id, { worker: worker.id, kind: 'shell', until });
    expect(row).toMatchObject({ job: job.id, worker: worker.id, kind: 'shell', until });
    expect([await place.as('ada').jobs.blocks(job.id), await operator.workers.blocks(worker.id)]).toEqual([[row], [row]]);
    expect((await refusal(place.as('ada').jobs.forgive(job.id))).code).toBe('forbidden');
    expect((await refusal(place.as('bob').jobs.blocks(job.id))).code).toBe('not_found');
    expect(await operator.jobs.forgive(job.id, { worker: worker.id + 1 }).catch((error: { code: string }) => error.code)).toBe(
      'not_found',
    );
    expect(await operator.jobs.forgive(job.id, { worker: worker.id, kind: 'shell' })).toEqual([]);
    await operator.jobs.block(job.id, { worker: worker.id, kind: 'shell', until });
    await place.yard.clock.advance(60_000);
    await settle();
    expect(await operator.jobs.blocks(job.id)).toEqual([]);
  });
});

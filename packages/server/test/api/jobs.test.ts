import { describe, expect, test } from 'vitest';
import { connect, settle } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { openApiYard } from './lib/api-yard.ts';
import { refusal } from './lib/refusal.ts';

const hello = { spec: { argv: ['echo', 'hi'], cwd: '/' } };

describe('submitting', () => {
  test('a job is acknowledged, shown, listed, with its tasks', async () => {
    await using place = await openApiYard();
    const yard = place.as('ada');
    const { job, replayed } = await yard.jobs.submit({ ...hello, name: 'first', labels: { team: 'red' }, priority: 3 });
    expect([job.state, job.owner, job.priority, replayed]).toEqual(['waiting', 'token:ada', 3, false]);
    const shown = await yard.jobs.show(job.id);
    expect(shown).toMatchObject({ id: job.id, spec: { argv: ['echo', 'hi'] }, arrays: [], labels: { team: 'red' } });
    const page = await yard.jobs.tasks(job.id);
    expect(page.tasks.map(({ id, state }) => [id, state])).toEqual([[job.firstTask, 'ready']]);
    const task = await yard.tasks.show(job.firstTask);
    expect(task).toMatchObject({ payload: { argv: ['echo', 'hi'], cwd: '/' }, result: null, attempts: [], state: 'ready' });
  });

  test('the same key and request is the same job, another request under it is refused', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const first = await jobs.submit({ ...hello, labels: { a: '1', b: '2' } }, { key: 'k' });
    const again = await jobs.submit({ labels: { b: '2', a: '1' }, spec: { cwd: '/', argv: ['echo', 'hi'] } }, { key: 'k' });
    expect([again.job.id, again.replayed]).toEqual([first.job.id, true]);
    expect((await refusal(jobs.submit({ ...hello, name: 'other' }, { key: 'k' }))).code).toBe('key_reused');
    expect((await place.as('bob').jobs.submit({ ...hello, name: 'other' }, { key: 'k' })).replayed).toBe(false);
    expect((await refusal(jobs.submit(hello, { key: 'x'.repeat(201) }))).code).toBe('malformed');
  });

  test('many at once: each is accepted or refused for itself, in order', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const answers = await jobs.submitMany([hello, { spec: { argv: [] } }, { ...hello, kind: 'nonsense' }, hello]);
    const seen = answers.map((one) => ('problem' in one ? one.problem.code : one.state));
    expect(seen).toEqual(['waiting', 'malformed', 'unknown_kind', 'waiting']);
    const thousand = await jobs.submitMany(Array.from({ length: 1_000 }, () => hello));
    expect(thousand.every((one) => 'id' in one)).toBe(true);
    expect((await refusal(jobs.submitMany(Array.from({ length: 1_001 }, () => hello)))).code).toBe('malformed');
  });

  test.each([
    ['an unknown field', { ...hello, nane: 'x' }, 'unknown_field', '/nane'],
    ['an unknown field of the kind', { spec: { argv: ['x'], cmd: 1 } }, 'unknown_field', '/spec/cmd'],
    ['a wrong type', { ...hello, priority: '3' }, 'malformed', '/priority'],
    ['an unknown pool', { spec: { argv: ['x'], needs: { pools: { none: 1 } } } }, 'unknown_pool', '/spec/needs/pools'],
    ['a parent that does not exist', { ...hello, after: [99] }, 'unknown_parent', undefined],
  ])('%s is refused by name', async (_what, request, code, at) => {
    await using place = await openApiYard();
    const problem = await refusal(place.as('ada').jobs.submit(request as never));
    expect(problem.code).toBe(code);
    if (at !== undefined) expect(problem.at).toBe(at);
  });

  test('a circle is refused with its path', async () => {
    await using place = await openApiYard();
    const tasks = ['a', 'b', 'c'].map((key, i, keys) => ({ key, argv: ['x'], after: [keys[(i + 1) % 3]!] }));
    const problem = await refusal(place.as('ada').jobs.submit({ kind: 'graph', spec: { tasks } }));
    expect(problem.code).toBe('cycle');
    expect(problem.at).toMatch(/^[abc] -> [abc] -> [abc] -> [abc]$/);
  });

  test('a body over the limit is refused before it is read', async () => {
    await using place = await openApiYard({ limits: { submitBytes: 2_000 } });
    const { jobs } = place.as('ada');
    expect((await refusal(jobs.submit({ spec: { argv: ['x'.repeat(2_000)] } }))).code).toBe('too_large');
    await jobs.submit({ spec: { argv: ['x'.repeat(1_900)] } });
  });
});

describe('listing', () => {
  test('pages of any size give every job once, newest first; filters hold', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    await jobs.submitMany(
      Array.from({ length: 25 }, (_, i) => ({
        ...hello,
        name: `job ${i}`,
        labels: { parity: i % 2 ? 'odd' : 'even' },
        hold: i < 3,
      })),
    );
    for (const limit of [1, 7, 25, 26]) {
      const seen: number[] = [];
      for (let cursor: string | undefined, more = true; more; ) {
        const page = await jobs.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.jobs.map(({ id }) => id));
        cursor = page.next ?? undefined;
        more = page.next !== null;
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
    }
    expect((await jobs.list({ label: 'parity:odd' })).jobs.length).toBe(12);
    expect((await jobs.list({ state: ['held'] })).jobs.length).toBe(3);
    expect((await jobs.list({ name: 'JOB 24' })).jobs.map(({ name }) => name)).toEqual(['job 24']);
    expect((await jobs.list({ kind: ['graph'] })).jobs).toEqual([]);
    for (const bad of [{ limit: 0 }, { limit: 1_001 }, { cursor: 'x' }, { label: 'nocolon' }, { state: ['x' as never] }]) {
      expect((await refusal(jobs.list(bad))).code).toBe('malformed');
    }
  });

  test('what waits for what, and on which jobs', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const first = (await jobs.submit(hello)).job;
    const tasks = [
      { key: 'a', argv: ['x'] },
      { key: 'b', argv: ['x'], after: ['a'], array: { from: 1, to: 3 } },
      { key: 'c', argv: ['x'], after: ['a', 'b'] },
    ];
    const { job } = await jobs.submit({ kind: 'graph', after: [first.id], spec: { tasks } });
    const edge = (parentKind: string, parent: number, childKind: string, child: number) => ({
      parentKind,
      parent,
      childKind,
      child,
      done: false,
    });
    const [a, b, c] = [job.firstTask, job.firstTask + 1, job.firstTask + 4];
    expect(await jobs.edges(job.id)).toEqual({
      complete: true,
      edges: [
        edge('job', first.id, 'task', a),
        edge('task', a, 'array', b),
        edge('task', a, 'task', c),
        edge('array', b, 'task', c),
      ],
    });
    expect((await refusal(place.as('bob').jobs.edges(job.id))).code).toBe('not_found');
  });

  test('one sees its own jobs only; a foreign one does not exist', async () => {
    await using place = await openApiYard();
    const { job } = await place.as('ada').jobs.submit(hello);
    const bob = place.as('bob');
    expect((await bob.jobs.list()).jobs).toEqual([]);
    for (const ask of [bob.jobs.show, bob.jobs.tasks, bob.jobs.cancel, bob.jobs.waitOnce, bob.jobs.delete]) {
      expect((await refusal(ask(job.id))).code).toBe('not_found');
    }
    expect((await refusal(bob.tasks.show(job.firstTask))).code).toBe('not_found');
    expect((await place.as('viewer').jobs.list()).jobs.length).toBe(1);
    expect((await refusal(place.as('viewer').jobs.cancel(job.id))).code).toBe('forbidden');
    expect((await refusal(place.as('nobody').jobs.list())).code).toBe('unauthenticated');
  });

  test('the tasks of an array are listed though they have no rows', async () => {
    await using place = await openApiYard();
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit({ spec: { argv: ['x'], array: { from: 10, to: 1_000_009 } } });
    expect([job.total, job.counts.ready]).toEqual([1_000_000, 1_000_000]);
    expect((await jobs.show(job.id)).arrays).toMatchObject([{ size: 1_000_000, first: 10, next: 0, rest: 'ready' }]);
    const page = await jobs.tasks(job.id, { limit: 3 });
    expect(page.tasks.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect((await jobs.tasks(job.id, { limit: 2, cursor: page.next! })).tasks.map(({ index }) => index)).toEqual([3, 4]);
    expect(await tasks.show(job.firstTask + 5)).toMatchObject({ index: 5, value: '15', array: job.firstTask });
  });
});

describe('commands', () => {
  test('hold, release, priority, cancel, retry, delete', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const { job } = await jobs.submit(hello);
    expect((await jobs.hold(job.id)).job.state).toBe('held');
    expect((await jobs.release(job.id)).job.state).toBe('waiting');
    expect((await jobs.setPriority(job.id, 9)).job.priority).toBe(9);
    expect((await jobs.cancel(job.id)).job.state).toBe('canceled');
    expect((await jobs.retry(job.id)).job.state).toBe('waiting');
    await jobs.delete(job.id);
    expect((await refusal(jobs.show(job.id))).code).toBe('not_found');
    expect((await refusal(jobs.hold(4_711))).code).toBe('not_found');
  });

  test('a command without a body needs none, and takes no field that it does not know', async () => {
    await using place = await openApiYard();
    const { job } = await place.as('ada').jobs.submit(hello);
    const post = (body?: string) =>
      fetch(`${place.listener.url}/v1/jobs/${job.id}/hold`, {
        method: 'POST',
        headers: { authorization: 'Bearer ada' },
        ...(body === undefined ? {} : { body }),
      });
    expect([(await post()).status, (await post('{}')).status, (await post('{"now":true}')).status]).toEqual([200, 200, 400]);
  });

  test('one task: hold, release, cancel only with kill once it runs, retry', async () => {
    await using place = await openApiYard();
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit(hello);
    const id = job.firstTask;
    expect(await tasks.hold(id)).toMatchObject({ state: 'waiting', held: true });
    expect(await tasks.release(id)).toMatchObject({ state: 'ready', held: false });
    const worker = await connect(place.yard);
    await settle();
    expect(await tasks.show(id)).toMatchObject({ state: 'running', attempt: 1, worker: { id: worker.id, name: 'w' } });
    expect((await refusal(tasks.cancel(id))).code).toBe('running');
    expect((await tasks.cancel(id, { kill: true })).state).toBe('stopping');
    await worker.end(id, 'failed');
    expect(await tasks.show(id)).toMatchObject({ state: 'canceled', reason: 'user', text: 'somebody asked for it', exitCode: 1 });
    expect((await tasks.retry(id)).state).not.toBe('canceled');
    expect((await tasks.list({ job: job.id, state: ['canceled'] })).tasks).toEqual([]);
  });

  test('waiting: answered by the end, or when the time is over', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    const { job } = await jobs.submit(hello);
    const over = jobs.waitOnce(job.id, { timeoutMs: 5_000 });
    await until(() => place.door.status().connections === 1);
    await place.yard.clock.advance(5_000);
    expect((await over).state).toBe('waiting');
    const ended = jobs.wait(job.id);
    await until(() => place.door.status().connections === 1);
    const worker = await connect(place.yard);
    await until(() => worker.got.length === 1);
    await worker.end(job.firstTask);
    expect((await ended).state).toBe('succeeded');
    expect((await jobs.waitOnce(job.id)).state).toBe('succeeded');
    await until(() => place.door.status().connections === 0);
  });

  test('a long poll ends when the server closes', async () => {
    const place = await openApiYard();
    const { jobs } = place.as('ada');
    const { job } = await jobs.submit(hello);
    const waiting = jobs.waitOnce(job.id);
    await until(() => place.door.status().connections === 1);
    await place.close();
    expect((await waiting).state).toBe('waiting');
  });
});

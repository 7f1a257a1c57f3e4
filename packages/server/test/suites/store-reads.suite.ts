import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../src/domain/attempt.ts';
import { noCounts } from '../../src/domain/counts.ts';
import type { TaskState } from '../../src/domain/task.ts';
import type { ReadName, ReadRequest, Reads, Store, Write } from '../../src/ports/store.ts';
import { array, classSpec, job, one, script, task, worker } from './store-rows.ts';

const attempt = (id: number, number: number, of: Partial<Attempt> = {}): Attempt => ({
  task: id,
  number,
  worker: 1,
  workerName: 'worker 1',
  session: 1,
  pools: { licence: 2 },
  startedAt: 5,
  endedAt: null,
  outcome: null,
  exitCode: null,
  signal: null,
  reason: null,
  error: null,
  result: null,
  artifacts: [],
  ...of,
});

const held = (state: 'running' | 'suspended', of = 1, session = 1): TaskState => ({ state, worker: of, session });
const waiting = (notBefore: number | null): TaskState => ({ state: 'waiting', held: false, notBefore });

/** Every read of the port: what was put comes back, both from the batch that put it and from a later one. */
export function storeReadsSuite(store: () => Store): void {
  /** Asked in the batch that writes, behind the writes, and once more later. */
  async function readAfter<N extends ReadName>(writes: readonly Write[], read: N, of: Reads[N][0]): Promise<Reads[N][1]> {
    const ask = script({ reads: [{ got: { read, of } as ReadRequest }] });
    const { answers } = await store().run([script({ writes }), ask]);
    const again = await store().run([ask]);
    const got = (answer: unknown): Reads[N][1] => (answer as { answer: [{ got: Reads[N][1] }] }).answer[0].got;
    expect(Object.keys(answers[0]!)).toEqual(['answer']);
    expect(got(again.answers[0])).toEqual(got(answers[1]));
    return got(answers[1]);
  }
  const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);
  const tasks = (...rows: ReturnType<typeof task>[]): Write[] => rows.map((row) => ({ put: 'task', row, fresh: true }));

  describe('reads', () => {
    test('rows by id: what is not there is null or left out, lists ascend and hold each once', async () => {
      const rows: Write[] = [
        { put: 'job', row: job(2), fresh: true },
        { put: 'job', row: job(9), fresh: true },
        { put: 'worker', row: worker(4, { key: 'k' }), fresh: true },
        { put: 'attempt', row: attempt(1, 3), fresh: true },
        { put: 'array', row: array(20), fresh: true },
        { put: 'body', row: { id: 5, json: '{"a":1}' } },
        { put: 'tally', row: { kind: 'shell', counts: one('ready', 3), finishedRuns: 2, finishedSeconds: 7 } },
        { put: 'pool', row: { name: 'licence', total: 3, used: 1 } },
        ...tasks(task(1)),
      ];
      expect(await readAfter(rows, 'job', 2)).toEqual(job(2));
      expect(await readAfter([], 'job', 3)).toBeNull();
      expect(ids(await readAfter([], 'jobs', [9, 3, 2, 9]))).toEqual([2, 9]);
      expect(await readAfter([], 'task', 1)).toEqual(task(1));
      expect(await readAfter([], 'tasks', [1, 2])).toEqual([task(1)]);
      expect(await readAfter([], 'worker', 4)).toEqual(worker(4, { key: 'k' }));
      expect(await readAfter([], 'workers', [4, 5])).toEqual([worker(4, { key: 'k' })]);
      expect(await readAfter([], 'attempt', { task: 1, number: 3 })).toEqual(attempt(1, 3));
      expect(await readAfter([], 'attempt', { task: 1, number: 2 })).toBeNull();
      expect(await readAfter([], 'arrays', [20, 21])).toEqual([array(20)]);
      expect(await readAfter([], 'bodies', [5, 6])).toEqual([{ id: 5, json: '{"a":1}' }]);
      expect(await readAfter([], 'tallies', ['shell', 'print'])).toHaveLength(1);
      expect(await readAfter([], 'pools', ['licence', 'none'])).toEqual([{ name: 'licence', total: 3, used: 1 }]);
      expect(await readAfter([], 'allPools', null)).toEqual([{ name: 'licence', total: 3, used: 1 }]);
    });

    test('arrayAt: every id of the block, and none beside it', async () => {
      const rows: Write[] = [array(10, { size: 5 }), array(20, { size: 1 })].map((row) => ({ put: 'array', row, fresh: true }));
      expect((await readAfter(rows, 'arrayAt', 14))?.id).toBe(10);
      expect((await readAfter([], 'arrayAt', 10))?.id).toBe(10);
      expect(await readAfter([], 'arrayAt', 15)).toBeNull();
      expect(await readAfter([], 'arrayAt', 9)).toBeNull();
      expect((await readAfter([], 'arrayAt', 20))?.id).toBe(20);
      expect(ids(await readAfter([], 'arraysOf', 1))).toEqual([10, 20]);
    });

    test('workers by key, by present session, and those that are present', async () => {
      const rows: Write[] = [
        { put: 'worker', row: worker(1, { key: 'a', session: 11 }), fresh: true },
        { put: 'worker', row: worker(2, { key: 'b', session: 12, status: 'offline' }), fresh: true },
        { put: 'worker', row: worker(3, { session: 13, status: 'lost' }), fresh: true },
      ];
      expect((await readAfter(rows, 'workerByKey', 'b'))?.id).toBe(2);
      expect(await readAfter([], 'workerByKey', 'c')).toBeNull();
      expect((await readAfter([], 'workerBySession', 12))?.id).toBe(2);
      expect(ids(await readAfter([], 'allWorkers', null))).toEqual([1, 2, 3]);
      const moved: Write[] = [{ put: 'worker', row: worker(2, { key: 'b', session: 14 }), fresh: false }];
      expect(await readAfter(moved, 'workerBySession', 12)).toBeNull();
      expect((await readAfter([], 'workerBySession', 14))?.id).toBe(2);
      expect(await readAfter([{ drop: 'worker', id: 2 }], 'workerBySession', 14)).toBeNull();
      expect(await readAfter([], 'workerByKey', 'b')).toBeNull();
    });

    test('heldBy: alive tasks of a worker, of one session or all, in pages', async () => {
      const rows = tasks(
        task(1, { state: held('running') }),
        task(2, { state: held('suspended', 1, 2) }),
        task(3, { state: { state: 'offered', worker: 1, session: 1, deadline: null } }),
        task(4, { state: held('running', 2, 9) }),
        task(5),
        task(6, { state: { state: 'stopping', worker: 1, session: 1, goal: 'canceled', reason: 'user', since: 7 } }),
        task(7, { state: { state: 'succeeded' } }),
      );
      const of = { worker: 1, session: null, after: 0, limit: 10 };
      expect(ids(await readAfter(rows, 'heldBy', of))).toEqual([1, 2, 3, 6]);
      expect(ids(await readAfter([], 'heldBy', { ...of, session: 1 }))).toEqual([1, 3, 6]);
      expect(ids(await readAfter([], 'heldBy', { ...of, after: 2, limit: 1 }))).toEqual([3]);
      expect(ids(await readAfter([], 'heldBy', { ...of, worker: null }))).toEqual([1, 2, 3, 4, 6]);
      expect(ids(await readAfter([], 'heldBy', { ...of, worker: null, after: 2, limit: 2 }))).toEqual([3, 4]);
      const ended: Write[] = [{ put: 'task', row: task(1, { state: { state: 'succeeded' } }), fresh: false }];
      expect(ids(await readAfter(ended, 'heldBy', of))).toEqual([2, 3, 6]);
    });

    test('classes: equal specs are one, kept for later, and known by job', async () => {
      const specs = [classSpec(), classSpec({ kind: 'print' }), classSpec({ tags: [] })];
      const [a, b, again] = await readAfter([], 'classOf', specs);
      expect([a!.id, b!.id, again!.id]).toEqual([1, 2, 1]);
      expect(await readAfter([], 'classes', [2, 1, 3])).toEqual([a, b]);
      expect(await store().query.classes([1, 2])).toEqual([a, b]);
      const rows: Write[] = [
        ...tasks(task(1), task(2, { class: 1 })),
        { put: 'array', row: array(10, { class: 2 }), fresh: true },
      ];
      expect(ids(await readAfter(rows, 'classesOfJob', 1))).toEqual([1, 2]);
      expect(await readAfter([], 'classesOfJob', 2)).toEqual([]);
    });

    test('tasksOf: rows of a job after a cursor, in some states or all', async () => {
      const rows = tasks(
        task(1),
        task(2, { state: { state: 'succeeded' } }),
        task(3, { job: 2 }),
        task(4),
        task(5, { state: waiting(1) }),
      );
      const of = { job: 1, after: 0, states: null, limit: 10 };
      expect(ids(await readAfter(rows, 'tasksOf', of))).toEqual([1, 2, 4, 5]);
      expect(ids(await readAfter([], 'tasksOf', { ...of, after: 1, limit: 2 }))).toEqual([2, 4]);
      expect(ids(await readAfter([], 'tasksOf', { ...of, states: ['ready', 'waiting'] }))).toEqual([1, 4, 5]);
      expect(ids(await readAfter([], 'tasksOf', { ...of, states: [] }))).toEqual([]);
    });

    test('due: waiting tasks and arrays by their moment, offers by their deadline', async () => {
      const offer = (deadline: number | null): TaskState => ({ state: 'offered', worker: 1, session: 1, deadline });
      const rows: Write[] = [
        ...tasks(
          task(1, { state: waiting(30) }),
          task(2, { state: waiting(10) }),
          task(3, { state: waiting(null) }),
          task(4, { state: waiting(31) }),
          task(5, { state: offer(20) }),
          task(6, { state: offer(null) }),
          task(7, { state: offer(40) }),
        ),
        { put: 'array', row: array(10, { rest: { state: 'waiting', held: true, notBefore: 15 } }), fresh: true },
      ];
      const due = await readAfter(rows, 'due', { now: 30, limit: 10 });
      expect([ids(due.tasks), ids(due.arrays), ids(due.offers)]).toEqual([[1, 2], [10], [5]]);
      expect(ids((await readAfter([], 'due', { now: 30, limit: 1 })).tasks)).toEqual([2]);
      expect(await store().query.nextDue(0)).toBe(10);
    });

    test('nextDue counts the ends of exclusions that are still ahead', async () => {
      const exclusion = { task: 1, worker: 1, session: null, why: 'failed' } as const;
      const rows: Write[] = [
        { put: 'exclusion', row: { ...exclusion, until: 50 } },
        { put: 'exclusion', row: { ...exclusion, worker: 2, until: null } },
      ];
      await readAfter(rows, 'exclusions', { task: 1 });
      expect(await store().query.nextDue(49)).toBe(50);
      expect(await store().query.nextDue(50)).toBeNull();
    });

    test('edges: of a parent that are not done, of a child, and with the children as rows', async () => {
      const edge = (parentKind: 'task' | 'array' | 'job', parent: number, child: number, childKind: 'task' | 'array' = 'task') =>
        ({ parentKind, parent, childKind, child, done: false }) as const;
      const put = (
        row: ReturnType<typeof edge> | (Omit<ReturnType<typeof edge>, 'done'> & { done: boolean }),
        fresh = true,
      ): Write => ({
        put: 'edge',
        row,
        fresh,
      });
      const rows: Write[] = [
        put(edge('task', 1, 3)),
        put(edge('task', 1, 4)),
        put(edge('task', 1, 10, 'array')),
        put(edge('task', 2, 3)),
        put(edge('job', 7, 3)),
        put(edge('array', 20, 3)),
        ...tasks(task(1, { state: { state: 'failed', reason: 'exit' } }), task(2), task(3), task(4)),
        { put: 'array', row: array(10), fresh: true },
        { put: 'array', row: array(20, { lost: 1 }), fresh: true },
        { put: 'job', row: job(7, { state: 'canceled' }), fresh: true },
      ];
      const of = { kind: 'task', parent: 1, after: 0, limit: 10 } as const;
      expect((await readAfter(rows, 'childrenOf', of)).map(({ child }) => child)).toEqual([3, 4, 10]);
      expect((await readAfter([], 'childrenOf', { ...of, after: 3, limit: 1 })).map(({ child }) => child)).toEqual([4]);
      expect((await readAfter([], 'childrenOf', { ...of, kind: 'job', parent: 7 })).map(({ child }) => child)).toEqual([3]);
      expect(await readAfter([], 'parentsOf', { kind: 'task', child: 3 })).toHaveLength(4);
      expect(await store().query.edgesTo({ kind: 'array', id: 10 })).toEqual([edge('task', 1, 10, 'array')]);
      const into = await store().query.edgesInto({ from: 3, to: 10, limit: 10 });
      expect(into.map(({ parent, child }) => [parent, child])).toEqual([
        [1, 3],
        [2, 3],
        [20, 3],
        [7, 3],
        [1, 4],
        [1, 10],
      ]);
      expect(await store().query.edgesInto({ from: 4, to: 9, limit: 10 })).toEqual([edge('task', 1, 4)]);
      expect(await store().query.edgesInto({ from: 1, to: 99, limit: 2 })).toHaveLength(2);
      const children = await readAfter([], 'childRows', of);
      expect(children.map(({ task: t, array: a, lostParents }) => [t?.id, a?.id, lostParents])).toEqual([
        [3, undefined, 3],
        [4, undefined, 1],
        [undefined, 10, 1],
      ]);
      const done = [put({ ...edge('task', 1, 3), done: true }, false)];
      expect((await readAfter(done, 'childrenOf', of)).map(({ child }) => child)).toEqual([4, 10]);
      expect(await readAfter([{ drop: 'tasks', ids: [1] }], 'childrenOf', of)).toEqual([]);
      expect(
        await readAfter(
          [
            { drop: 'array', id: 20 },
            { drop: 'job', id: 7 },
          ],
          'parentsOf',
          { kind: 'task', child: 3 },
        ),
      ).toEqual([edge('task', 2, 3)]);
    });

    test('exclusions and blocks: by task, worker and job, dropped by any of their parts', async () => {
      const exclusion = (of: number, by: number, why: 'failed' | 'deferred', session: number | null = null) =>
        ({ task: of, worker: by, session, until: null, why }) as const;
      const rows: Write[] = [
        exclusion(1, 1, 'failed'),
        exclusion(1, 1, 'deferred', 5),
        exclusion(1, 2, 'deferred', 6),
        exclusion(2, 1, 'deferred', 5),
      ].map((row) => ({ put: 'exclusion', row }));
      expect(await readAfter(rows, 'exclusions', { task: 1 })).toHaveLength(3);
      expect(await readAfter([], 'exclusionsOf', { worker: 1 })).toHaveLength(3);
      const drop = (of: Omit<Extract<Write, { drop: 'exclusions' }>, 'drop'>): Write => ({ drop: 'exclusions', ...of });
      expect(await readAfter([drop({ worker: 1, session: 5, why: 'deferred' })], 'exclusionsOf', { worker: 1 })).toEqual([
        exclusion(1, 1, 'failed'),
      ]);
      expect(await readAfter([drop({ task: 1, worker: 2 })], 'exclusions', { task: 1 })).toEqual([exclusion(1, 1, 'failed')]);
      expect(await readAfter([drop({ task: 1 })], 'exclusions', { task: 1 })).toEqual([]);

      const block = (of: number, by: number, kind: string, until: number | null = null) => ({
        job: of,
        worker: by,
        kind,
        at: 3,
        until,
      });
      const blocks: Write[] = [block(1, 1, 'a'), block(1, 2, 'a'), block(2, 1, 'b')].map((row) => ({ put: 'block', row }));
      expect(await readAfter(blocks, 'blocks', { worker: 1, now: 9 })).toEqual([block(1, 1, 'a'), block(2, 1, 'b')]);
      expect(await readAfter([], 'blocks', { job: 1, now: 9 })).toEqual([block(1, 1, 'a'), block(1, 2, 'a')]);
      expect(await readAfter([{ drop: 'blocks', job: null, worker: 1, kind: 'b' }], 'blocks', { worker: 1, now: 9 })).toEqual([
        block(1, 1, 'a'),
      ]);
      expect(await readAfter([{ drop: 'blocks', job: 1, worker: null, kind: null }], 'blocks', { job: 1, now: 9 })).toEqual([]);
      expect(await readAfter([], 'blocks', { worker: 1, now: 9 })).toEqual([]);
      const ending: Write[] = [block(1, 1, 'a', 10), block(1, 2, 'a', 20)].map((row) => ({ put: 'block', row }));
      expect(await readAfter(ending, 'blocks', { job: 1, now: 9 })).toHaveLength(2);
      expect(await readAfter([], 'blocks', { job: 1, now: 10 })).toEqual([block(1, 2, 'a', 20)]);
      expect(await readAfter([{ drop: 'blocksOver', now: 15 }], 'blocks', { job: 1, now: 0 })).toEqual([block(1, 2, 'a', 20)]);
    });

    test('items: any range, over the borders of what was put', async () => {
      const items = Array.from({ length: 700 }, (_, at) => `item ${at}`);
      const put = (from: number, to: number): Write => ({ put: 'items', array: 10, from, items: items.slice(from, to) });
      expect(await readAfter([put(0, 300), put(300, 700)], 'items', { array: 10, from: 250, n: 100 })).toEqual(
        items.slice(250, 350),
      );
      expect(await readAfter([], 'items', { array: 10, from: 699, n: 5 })).toEqual(['item 699']);
      expect(await readAfter([], 'items', { array: 10, from: 0, n: 700 })).toEqual(items);
      expect(await readAfter([], 'items', { array: 11, from: 0, n: 5 })).toEqual([]);
      expect(await store().query.item(10, 299)).toBe('item 299');
      expect(await store().query.item(10, 700)).toBeNull();
    });

    test('sweeps: in the order of first asking; asked again they begin anew in their place', async () => {
      const sweep = (key: string, of: number): Write => ({
        put: 'sweep',
        row: { key, work: { kind: 'hold', job: of, after: 0 } },
      });
      const rows = [sweep('b', 1), sweep('a', 2), sweep('c', 3), sweep('b', 9)];
      const first = await readAfter(rows, 'sweep', { limit: 2 });
      expect(first.map(({ key, work }) => [key, work])).toEqual([
        ['b', { kind: 'hold', job: 9, after: 0 }],
        ['a', { kind: 'hold', job: 2, after: 0 }],
      ]);
      expect(await store().query.hasSweeps()).toBe(true);
      expect((await readAfter([{ drop: 'sweep', key: 'b' }], 'sweep', { limit: 9 })).map(({ key }) => key)).toEqual(['a', 'c']);
      await readAfter(
        [
          { drop: 'sweep', key: 'a' },
          { drop: 'sweep', key: 'c' },
        ],
        'sweep',
        { limit: 9 },
      );
      expect(await store().query.hasSweeps()).toBe(false);
    });

    test('logs, checkpoints and keys: the last that was put', async () => {
      const log = (length: number, inline: Uint8Array | null): Write => ({
        put: 'log',
        row: { task: 1, attempt: 2, stream: 'err', length, inline },
      });
      const of = { task: 1, attempt: 2, stream: 'err' } as const;
      const bytes = new Uint8Array([0, 255, 10]);
      expect(await readAfter([log(1, null), log(3, bytes)], 'log', of)).toEqual({ ...of, length: 3, inline: bytes });
      expect(await readAfter([], 'log', { ...of, stream: 'out' })).toBeNull();
      expect(await store().query.log(1, 2, 'err')).toEqual({ ...of, length: 3, inline: bytes });
      const points: Write[] = [
        { put: 'checkpoint', task: 1, json: '1' },
        { put: 'checkpoint', task: 1, json: '[2]' },
        ...tasks(task(1)),
      ];
      expect(await readAfter(points, 'checkpoints', [2, 1])).toEqual([{ task: 1, json: '[2]' }]);
      expect(await readAfter([{ drop: 'tasks', ids: [1] }], 'checkpoints', [1])).toEqual([]);
      expect(await store().query.log(1, 2, 'err')).toBeNull();
    });

    test('endedJobs: oldest first, by state, kind, age and size, never those being deleted', async () => {
      const ended = (id: number, of: Parameters<typeof job>[1]) =>
        ({
          put: 'job',
          row: job(id, { state: 'succeeded', endedAt: 10, counts: one('succeeded'), ...of }),
          fresh: true,
        }) as const;
      const rows: Write[] = [
        ended(1, { kind: 'print' }),
        ended(2, {}),
        ended(3, { state: 'failed', counts: one('failed') }),
        ended(4, { counts: one('succeeded', 2), owner: 'user:bob' }),
        ended(5, { endedAt: 20 }),
        ended(6, { intent: 'delete' }),
        ended(7, { state: 'active', endedAt: null, counts: one('ready') }),
        ended(8, { counts: { ...noCounts, succeeded: 1, failed: 1 }, owner: 'user:bob' }),
      ];
      const states = ['succeeded', 'failed'] as const;
      const of = { states, kinds: null, oneTask: false, endedBefore: 15, owner: null, limit: 10 };
      expect(ids(await readAfter(rows, 'endedJobs', of))).toEqual([1, 2, 3, 4, 8]);
      expect(ids(await readAfter([], 'endedJobs', { ...of, oneTask: true }))).toEqual([1, 2, 3]);
      expect(ids(await readAfter([], 'endedJobs', { ...of, kinds: ['shell'], limit: 2 }))).toEqual([2, 3]);
      expect(ids(await readAfter([], 'endedJobs', { ...of, states: ['failed'], endedBefore: 10 }))).toEqual([]);
      expect(ids(await readAfter([], 'endedJobs', { ...of, owner: 'user:bob' }))).toEqual([4, 8]);
    });

    test('a body goes with the last that uses it', async () => {
      const bodies = [1, 2, 3, 4];
      const rows: Write[] = [
        ...bodies.map((id): Write => ({ put: 'body', row: { id, json: `${id}` } })),
        { put: 'job', row: job(1, { spec: 1 }), fresh: true },
        ...tasks(task(1, { body: 1 }), task(2, { body: 2 }), task(3, { body: 2 })),
        { put: 'array', row: array(10, { body: 3 }), fresh: true },
        ...tasks(task(10, { body: 3, array: 10, index: 0 })),
      ];
      const left = async (writes: Write[]): Promise<number[]> => ids(await readAfter(writes, 'bodies', bodies));
      expect(await left(rows)).toEqual([1, 2, 3, 4]);
      expect(await left([{ drop: 'tasks', ids: [2] }])).toEqual([1, 2, 3, 4]);
      expect(await left([{ drop: 'tasks', ids: [1, 3, 10] }])).toEqual([1, 3, 4]);
      expect(await left([{ drop: 'array', id: 10 }])).toEqual([1, 4]);
      expect(await left([{ drop: 'job', id: 1 }])).toEqual([4]);
    });

    test('a dropped task takes its attempts along; one that was made in the same batch never was', async () => {
      const rows: Write[] = [
        ...tasks(task(1, { attempt: 2 })),
        { put: 'attempt', row: attempt(1, 1), fresh: true },
        { put: 'attempt', row: attempt(1, 2), fresh: true },
      ];
      await readAfter(rows, 'task', 1);
      expect(await store().query.attempts(1)).toHaveLength(2);
      expect(await readAfter([{ drop: 'tasks', ids: [1] }], 'attempt', { task: 1, number: 1 })).toBeNull();
      expect(await store().query.attempts(1)).toEqual([]);
      expect(await readAfter([...tasks(task(5)), { drop: 'tasks', ids: [5] }], 'task', 5)).toBeNull();
    });
  });
}

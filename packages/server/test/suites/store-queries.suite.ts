import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Job, jobStates } from '../../src/domain/job.ts';
import { type Task, type TaskArray, type TaskState, taskStates } from '../../src/domain/task.ts';
import type { AuditFilter, JobFilter, Page, Store, TaskFilter, Write } from '../../src/ports/store.ts';
import { array, job, script, task, worker } from './store-rows.ts';

const owners = ['user:ada', 'user:bob'];
const kinds = ['shell', 'commands', 'oxdna'];

const stateOf = (name: (typeof taskStates)[number]): TaskState => {
  const holder = { worker: 1, session: 1 };
  const states: Record<(typeof taskStates)[number], TaskState> = {
    waiting: { state: 'waiting', held: false, notBefore: null },
    ready: { state: 'ready' },
    offered: { state: 'offered', ...holder, deadline: null },
    running: { state: 'running', ...holder },
    suspended: { state: 'suspended', ...holder },
    stopping: { state: 'stopping', ...holder, goal: 'canceled', reason: 'user', since: 1 },
    succeeded: { state: 'succeeded' },
    failed: { state: 'failed', reason: 'exit' },
    canceled: { state: 'canceled', reason: 'user', at: 1 },
  };
  return states[name];
};

const small = (max: number, min = 0) => fc.integer({ min, max });
const some = <T>(of: readonly T[]) => fc.option(fc.subarray([...of], { minLength: 1 }), { nil: undefined });
const defined = <T extends object>(of: T): Partial<T> =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Partial<T>;

const jobOf = fc.record({
  kind: fc.constantFrom(...kinds),
  owner: fc.constantFrom(...owners),
  state: fc.constantFrom(...jobStates),
  intent: fc.constantFrom('none', 'none', 'hold', 'delete'),
  name: fc.constantFrom('Render the film', 'print a bracket', '100% done'),
  labels: fc.constantFrom({}, { team: 'red' }, { team: 'blue', run: '1' }),
});

const pageOf = fc.record({
  limit: small(6, 1),
  cursor: fc.option(small(40), { nil: null }),
  order: fc.constantFrom('asc', 'desc'),
}) as fc.Arbitrary<Page>;

const inPage = <T>(rows: readonly T[], id: (row: T) => number, page: Page): T[] => {
  const sign = page.order === 'asc' ? 1 : -1;
  const after = rows.filter((row) => page.cursor === null || sign * (id(row) - page.cursor) > 0);
  return after.sort((a, b) => sign * (id(a) - id(b))).slice(0, page.limit);
};

export function storeQueriesSuite(store: () => Store): void {
  const put = async (writes: readonly Write[]): Promise<void> => {
    const { answers } = await store().run([script({ writes })]);
    expect(Object.keys(answers[0]!)).toEqual(['answer']);
  };

  describe('queries', () => {
    test('jobs: every filter and page as a scan of all would give it', async () => {
      const filterOf = fc.record({
        states: some(jobStates),
        kinds: some(kinds),
        owner: fc.option(fc.constantFrom(...owners), { nil: undefined }),
        label: fc.option(fc.constantFrom({ name: 'team', value: 'red' }, { name: 'run', value: '1' }), { nil: undefined }),
        name: fc.option(fc.constantFrom('RENDER', '%', 'print'), { nil: undefined }),
      });
      const queries = fc.array(fc.tuple(filterOf, pageOf), { minLength: 15, maxLength: 15 });
      await fc.assert(
        fc.asyncProperty(fc.array(jobOf, { maxLength: 30 }), queries, async (plans, asked) => {
          const rows = plans.map((plan, at): Job => job(at + 1, plan as Partial<Job>));
          await put(rows.map((row) => ({ put: 'job', row, fresh: true })));
          for (const [given, page] of asked) {
            const filter = defined(given) as JobFilter;
            const { states, kinds: wanted, owner, label, name } = filter;
            const fits = (row: Job): boolean =>
              row.intent !== 'delete' &&
              (states?.includes(row.state) ?? true) &&
              (wanted?.includes(row.kind) ?? true) &&
              (owner === undefined || row.owner === owner) &&
              (label === undefined || row.labels[label.name] === label.value) &&
              (name === undefined || row.name.toLowerCase().includes(name.toLowerCase()));
            expect(await store().query.jobs(filter, page)).toEqual(inPage(rows.filter(fits), ({ id }) => id, page));
          }
          await put(rows.map(({ id }) => ({ drop: 'job', id })));
        }),
        { numRuns: 12 },
      );
    });

    test('tasks: rows and array indices in one order, every filter and page as a scan of all would give it', async () => {
      const entry = fc.record({
        job: small(4, 1),
        kind: fc.constantFrom(...kinds),
        state: fc.constantFrom(...taskStates),
        size: fc.option(small(5, 1), { nil: null }),
        next: small(5),
        hole: fc.boolean(),
      });
      const filterOf = fc.record({
        job: fc.option(small(4, 1), { nil: undefined }),
        kinds: some(kinds),
        states: some(taskStates),
        worker: fc.option(small(2, 1), { nil: undefined }),
        owner: fc.option(fc.constantFrom(...owners), { nil: undefined }),
      });
      const queries = fc.array(fc.tuple(filterOf, pageOf), { minLength: 20, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(jobOf, { minLength: 4, maxLength: 4 }),
          fc.array(entry, { maxLength: 15 }),
          queries,
          async (plans, entries, asked) => {
            const jobs = plans.map((plan, at) => job(at + 1, plan as Partial<Job>));
            const tasks: Task[] = [];
            const arrays: TaskArray[] = [];
            let id = 1;
            for (const one of entries) {
              const { size } = one;
              if (size === null) {
                tasks.push(task(id, { job: one.job, kind: one.kind, state: stateOf(one.state) }));
              } else {
                const rest = stateOf(
                  one.state === 'waiting' || one.state === 'canceled' ? one.state : 'ready',
                ) as TaskArray['rest'];
                const next = Math.min(one.next, size);
                const hole = one.hole && next < size - 1 ? [size - 1] : [];
                arrays.push(array(id, { job: one.job, kind: one.kind, rest, size, next, holes: hole.length }));
                for (const index of [...Array.from({ length: next }, (_, at) => at), ...hole]) {
                  tasks.push(task(id + index, { job: one.job, kind: one.kind, array: id, index, state: stateOf(one.state) }));
                }
              }
              id += size ?? 1;
            }
            await put([
              ...jobs.map((row): Write => ({ put: 'job', row, fresh: true })),
              ...tasks.map((row): Write => ({ put: 'task', row, fresh: true })),
              ...arrays.map((row): Write => ({ put: 'array', row, fresh: true })),
            ]);
            const standing = new Set(tasks.map((row) => row.id));
            const virtual = arrays.flatMap((row) =>
              Array.from({ length: row.size }, (_, index) => index)
                .filter((index) => index >= row.next && !standing.has(row.id + index))
                .map((index) => task(row.id + index, { job: row.job, kind: row.kind, array: row.id, index, state: row.rest })),
            );
            const all = [...tasks.map((row) => ({ row, virtual: false })), ...virtual.map((row) => ({ row, virtual: true }))];
            for (const [given, page] of asked) {
              const filter = defined(given) as TaskFilter;
              const fits = ({ row }: { row: Task }): boolean => {
                const of = jobs[row.job - 1]!;
                return (
                  of.intent !== 'delete' &&
                  (filter.job === undefined || row.job === filter.job) &&
                  (filter.kinds?.includes(row.kind) ?? true) &&
                  (filter.states?.includes(row.state.state) ?? true) &&
                  (filter.owner === undefined || of.owner === filter.owner) &&
                  (filter.worker === undefined || ('worker' in row.state && row.state.worker === filter.worker))
                );
              };
              const wanted = inPage(all.filter(fits), ({ row }) => row.id, page);
              const got = await store().query.tasks(filter, page);
              expect(got.map(({ task: t, virtual: v, job: j }) => [t.id, t.state, t.index, v, j.id])).toEqual(
                wanted.map(({ row, virtual: v }) => [row.id, row.state, row.index, v, row.job]),
              );
            }
            await put([
              { drop: 'tasks', ids: [...standing] },
              ...arrays.map((row): Write => ({ drop: 'array', id: row.id })),
              ...jobs.map((row): Write => ({ drop: 'job', id: row.id })),
            ]);
          },
        ),
        { numRuns: 15 },
      );
    });

    test('one task: a row with its latest attempt, an index, or nothing', async () => {
      const attempt = {
        task: 1,
        number: 2,
        worker: 3,
        workerName: 'w',
        session: 4,
        pools: {},
        startedAt: 5,
        endedAt: 6,
        outcome: 'failed',
        exitCode: 3,
        signal: null,
        reason: 'exit',
        error: 'no',
        result: '{}',
        artifacts: [{ path: 'a', blob: 'f'.repeat(64), size: 1 }],
      } as const;
      await put([
        { put: 'job', row: job(1), fresh: true },
        { put: 'job', row: job(2, { intent: 'delete' }), fresh: true },
        { put: 'task', row: task(1, { attempt: 2 }), fresh: true },
        { put: 'attempt', row: { ...attempt, number: 1, artifacts: [] }, fresh: true },
        { put: 'attempt', row: attempt, fresh: true },
        { put: 'array', row: array(10, { size: 3, next: 1, key: 'frames' }), fresh: true },
        { put: 'task', row: task(20, { job: 2 }), fresh: true },
      ]);
      expect(await store().query.task(1)).toEqual({ task: task(1, { attempt: 2 }), virtual: false, attempt, job: job(1) });
      const index = task(12, { array: 10, index: 2, key: 'frames' });
      expect(await store().query.task(12)).toEqual({ task: index, virtual: true, attempt: null, job: job(1) });
      for (const id of [2, 9, 10, 13, 20]) expect(await store().query.task(id)).toBeNull();
      expect(await store().query.job(2)).toBeNull();
      await put([{ put: 'job', row: job(3, { intent: 'building' }), fresh: true }]);
      expect(await store().query.jobsBeingTakenIn()).toEqual([3]);
      expect((await store().query.attempts(1)).map(({ number }) => number)).toEqual([1, 2]);
      expect(await store().query.artifacts(1)).toEqual(attempt.artifacts);
      expect(await store().query.artifacts(2)).toEqual([]);
      expect(await store().query.blobsInUse()).toEqual(new Set(['f'.repeat(64)]));
      const json = JSON.stringify({ at: 7, start: { blob: 'c'.repeat(64) } });
      await put([{ put: 'checkpoint', task: 1, json }]);
      expect(await store().query.blobsInUse()).toEqual(new Set(['f'.repeat(64), 'c'.repeat(64)]));
      await store().records.put('file', 'x', { blob: 'd'.repeat(64) }, null);
      await store().records.put('other', 'x', { blob: 'e'.repeat(64) }, null);
      expect(await store().query.blobsInUse()).toContain('d'.repeat(64));
      expect(await store().query.blobsInUse()).not.toContain('e'.repeat(64));
      expect(await store().query.array(10)).toMatchObject({ id: 10, size: 3 });
      expect(await store().query.arraysOf(1)).toHaveLength(1);
    });

    test('one task read again and again is always the newest that was answered', async () => {
      await put([
        { put: 'job', row: job(1), fresh: true },
        { put: 'task', row: task(1), fresh: true },
      ]);
      const { query } = store();
      for (const name of [...taskStates, ...taskStates]) {
        expect((await query.task(1))?.task).toEqual((await query.task(1))?.task);
        const row = task(1, { state: stateOf(name) });
        await put([{ put: 'task', row, fresh: false }]);
        expect((await query.task(1))?.task).toEqual(row);
      }
      await put([{ put: 'job', row: job(1, { intent: 'delete' }), fresh: false }]);
      expect(await query.task(1)).toBeNull();
    });

    test('workers, what they hold, and how long it has run', async () => {
      const running = (id: number, startedAt: number, of: Partial<Task> = {}) =>
        ({ put: 'task', row: task(id, { state: stateOf('running'), startedAt, ...of }), fresh: true }) as const;
      await put([
        { put: 'worker', row: worker(1), fresh: true },
        { put: 'worker', row: worker(2, { status: 'offline' }), fresh: true },
        running(1, 1_000),
        running(2, 2_999),
        running(3, 9_000),
        running(4, 0, { kind: 'print' }),
        { put: 'task', row: task(5), fresh: true },
      ]);
      expect((await store().query.workers()).map(({ id }) => id)).toEqual([1, 2]);
      expect(await store().query.worker(2)).toEqual(worker(2, { status: 'offline' }));
      expect(await store().query.worker(3)).toBeNull();
      expect((await store().query.held(1)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
      expect(await store().query.runningSeconds('shell', 5_500)).toEqual({ sum: 6, min: 0, max: 4 });
      expect(await store().query.runningSeconds('oxdna', 5_500)).toEqual({ sum: 0, min: 0, max: 0 });
    });

    test('audit: all that a filter names must fit, in pages, in both orders', async () => {
      const row = { at: 1, by: 'token:1', name: 'ada', command: 'cancel', subject: 'job 1', refusal: null };
      const rows = [
        row,
        { ...row, at: 2, by: 'token:2', name: 'bob' },
        { ...row, at: 3, command: 'hold', refusal: 'forbidden' },
        { ...row, at: 4, subject: 'job 2' },
        { ...row, at: 5, by: 'ada', name: 'impostor', refusal: 'not_found' },
      ];
      await put(rows.map((one): Write => ({ put: 'audit', row: one })));
      const ids = async (filter: AuditFilter, page: Partial<Page> = {}) =>
        (await store().query.audit({ limit: 9, cursor: null, order: 'asc', ...page }, filter)).map(({ id }) => id);
      expect(await ids({})).toEqual([1, 2, 3, 4, 5]);
      expect(await ids({ by: 'token:1' })).toEqual([1, 3, 4]);
      expect(await ids({ by: 'ada' })).toEqual([1, 3, 4, 5]);
      expect(await ids({ command: 'hold' })).toEqual([3]);
      expect(await ids({ subject: 'job 2' })).toEqual([4]);
      expect(await ids({ subject: 'job' })).toEqual([]);
      expect(await ids({ since: 2, until: 4 })).toEqual([2, 3]);
      expect(await ids({ refused: true })).toEqual([3, 5]);
      expect(await ids({ refused: true, by: 'token:1' })).toEqual([3]);
      expect(await ids({ by: 'ada' }, { limit: 2, order: 'desc' })).toEqual([5, 4]);
      expect(await ids({ by: 'ada' }, { limit: 2, order: 'desc', cursor: 4 })).toEqual([3, 1]);
    });

    test('bodies, tallies, audit', async () => {
      const row = { at: 1, by: 'a', name: 'b', command: 'c', subject: 'd', refusal: null };
      const tally = { kind: 'shell', counts: job(1).counts, finishedRuns: 1, finishedSeconds: 2 };
      await put([
        { put: 'body', row: { id: 1, json: '"é\\u0000"' } },
        { put: 'tally', row: tally },
        ...Array.from({ length: 3 }, (): Write => ({ put: 'audit', row })),
      ]);
      expect(await store().query.body(1)).toBe('"é\\u0000"');
      expect(await store().query.body(2)).toBeNull();
      expect(await store().query.bodies([1, 2])).toEqual(new Map([[1, '"é\\u0000"']]));
      expect(await store().query.tallies()).toEqual([tally]);
      const page = { limit: 2, cursor: null, order: 'desc' } as const;
      expect((await store().query.audit(page)).map(({ id }) => id)).toEqual([3, 2]);
      expect((await store().query.audit({ ...page, cursor: 2 })).map(({ id }) => id)).toEqual([1]);
    });
  });
}

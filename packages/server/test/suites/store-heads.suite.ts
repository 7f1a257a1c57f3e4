import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job, JobIntent } from '../../src/domain/job.ts';
import type { Exclusion } from '../../src/domain/rows.ts';
import type { Task, TaskArray } from '../../src/domain/task.ts';
import type { Head, Reads, Store, Write } from '../../src/ports/store.ts';
import { array, job, script, task } from './store-rows.ts';

/** All that decides what can be claimed. */
interface Yard {
  readonly jobs: readonly Job[];
  readonly tasks: readonly Task[];
  readonly arrays: readonly TaskArray[];
  readonly exclusions: readonly Exclusion[];
}

type Asked = Reads['heads'][0];

const order = (a: readonly number[], b: readonly number[]): number => a.map((x, at) => x - b[at]!).find((d) => d !== 0) ?? 0;

/** What the port's comment says, by looking at everything. */
function model(yard: Yard, asked: Asked): Head[] {
  const open = new Set(yard.jobs.filter(({ intent }) => intent === 'none').map(({ id }) => id));
  const excluded = (id: number): boolean =>
    asked.picky &&
    yard.exclusions.some(
      ({ task: of, worker, session, until }) =>
        of === id && worker === asked.worker && (session ?? asked.session) === asked.session && (until ?? Infinity) > asked.now,
    );
  return asked.classes.flatMap((id) => {
    const tasks = yard.tasks
      .filter((row) => row.class === id && row.state.state === 'ready' && open.has(row.job) && !excluded(row.id))
      .map((row) => ({ place: [-row.jobPriority, -row.priority, row.job, row.id], head: { class: id, task: row } as Head }));
    const arrays = yard.arrays
      .filter((row) => row.class === id && row.rest.state === 'ready' && row.next < row.size && open.has(row.job))
      .map((row) => ({
        place: [-row.jobPriority, -row.priority, row.job, row.id + row.next],
        head: { class: id, array: row } as Head,
      }));
    const all = [...tasks, ...arrays].sort((a, b) => order(a.place, b.place));
    return all.slice(0, asked.depth).map(({ head }) => head);
  });
}

const small = (max: number, min = 0) => fc.integer({ min, max });
const classes = 3;
const jobs = 5;
const intents: JobIntent[] = ['none', 'none', 'none', 'hold', 'cancel', 'delete', 'building'];

/** Ids are given by position, in blocks: a task one id, an array its size. */
const entry = fc.record({
  job: small(jobs, 1),
  class: small(classes, 1),
  priority: small(2, -1),
  state: fc.constantFrom('ready', 'ready', 'ready', 'waiting'),
  size: fc.option(small(4, 1), { nil: null }),
  next: small(4),
  excluded: fc.option(
    fc.record({ session: fc.constantFrom(null, 7, 8), until: fc.constantFrom(null, 500, 1_500), worker: small(2, 1) }),
    {
      nil: null,
    },
  ),
});
const yardOf = fc
  .record({
    jobs: fc.array(fc.record({ intent: fc.constantFrom(...intents), priority: small(2, -1) }), {
      minLength: jobs,
      maxLength: jobs,
    }),
    entries: fc.array(entry, { maxLength: 25 }),
  })
  .map(({ jobs: plans, entries }): Yard => {
    const rows = plans.map(({ intent, priority }, at) => job(at + 1, { intent, priority }));
    const tasks: Task[] = [];
    const arrays: TaskArray[] = [];
    const exclusions: Exclusion[] = [];
    let id = 1;
    for (const one of entries) {
      const of = { job: one.job, class: one.class, jobPriority: rows[one.job - 1]!.priority, priority: one.priority };
      const waiting = { state: 'waiting', held: true, notBefore: null } as const;
      const state = one.state === 'ready' ? ({ state: 'ready' } as const) : waiting;
      if (one.size === null) {
        tasks.push(task(id, { ...of, state }));
        if (one.excluded !== null) exclusions.push({ task: id, why: 'failed', ...one.excluded });
      } else {
        arrays.push(array(id, { ...of, rest: state, size: one.size, next: Math.min(one.next, one.size) }));
      }
      id += one.size ?? 1;
    }
    return { jobs: rows, tasks, arrays, exclusions };
  });

const puts = ({ jobs: rows, tasks, arrays, exclusions }: Yard, fresh: boolean): Write[] => [
  ...rows.map((row): Write => ({ put: 'job', row, fresh })),
  ...tasks.map((row): Write => ({ put: 'task', row, fresh })),
  ...arrays.map((row): Write => ({ put: 'array', row, fresh })),
  ...exclusions.map((row): Write => ({ put: 'exclusion', row })),
];

const dropAll = ({ jobs: rows, tasks, arrays }: Yard): Write[] => [
  { drop: 'tasks', ids: tasks.map(({ id }) => id) },
  ...arrays.map(({ id }): Write => ({ drop: 'array', id })),
  ...rows.map(({ id }): Write => ({ drop: 'job', id })),
];

const asking = (of: Asked) => script({ reads: [{ heads: { read: 'heads', of } }] });
const everyClass = Array.from({ length: classes }, (_, at) => at + 1);

export function storeHeadsSuite(store: () => Store): void {
  const headsOf = async (...asked: Asked[]): Promise<Head[][]> => {
    const { answers } = await store().run(asked.map(asking));
    return answers.map((answer) => (answer as { answer: [{ heads: Head[] }] }).answer[0].heads);
  };

  describe('heads', () => {
    const plain: Asked = { classes: everyClass, worker: 1, session: 7, picky: false, now: 1_000, depth: 1 };

    test('are those of the model, on random yards, as they are put, moved and claimed', async () => {
      const askedOf = fc.record({ picky: fc.boolean(), depth: small(4, 1), session: fc.constantFrom(7, 8) });
      await fc.assert(
        fc.asyncProperty(yardOf, askedOf, fc.infiniteStream(fc.boolean()), async (yard, of, coin) => {
          const asked = { ...plain, ...of };
          await store().run([script({ writes: puts(yard, true) })]);
          const [before] = await headsOf(asked);
          expect(before).toEqual(model(yard, asked));

          // Some intents turn, some tasks start, some arrays advance: all in one batch with the question.
          const flip = (): boolean => coin.next().value;
          const moved: Yard = {
            jobs: yard.jobs.map((row) => (flip() ? { ...row, intent: row.intent === 'none' ? 'hold' : 'none' } : row)),
            tasks: yard.tasks.map((row) => (flip() ? { ...row, state: { state: 'running', worker: 1, session: 7 } } : row)),
            arrays: yard.arrays.map((row) => (flip() ? { ...row, next: Math.min(row.size, row.next + 1) } : row)),
            exclusions: yard.exclusions,
          };
          const { answers } = await store().run([script({ writes: puts(moved, false) }), asking(asked)]);
          expect((answers[1] as { answer: [{ heads: Head[] }] }).answer[0].heads).toEqual(model(moved, asked));

          // And back again: what was empty must be found live.
          await store().run([script({ writes: puts(yard, false) })]);
          expect(await headsOf(asked)).toEqual([model(yard, asked)]);
          await store().run([script({ writes: dropAll(yard) })]);
          expect(await headsOf({ ...asked, depth: 9 })).toEqual([[]]);
        }),
        { numRuns: 40, endOnFailure: true },
      );
    });

    test('a job on hold in front of another hides nothing, however many tasks it has', async () => {
      const many = Array.from({ length: 1_500 }, (_, at): Write => ({ put: 'task', row: task(at + 1, { job: 1 }), fresh: true }));
      await store().run([
        script({ writes: [{ put: 'job', row: job(1, { intent: 'hold' }), fresh: true }, ...many] }),
        script({
          writes: [
            { put: 'job', row: job(2), fresh: true },
            { put: 'task', row: task(2_000, { job: 2 }), fresh: true },
          ],
        }),
      ]);
      const [heads] = await headsOf({ ...plain, depth: 5 });
      expect(heads!.map((head) => 'task' in head && head.task.id)).toEqual([2_000]);
    });

    test('a job that is released is claimed again, though none of its rows was touched', async () => {
      const put = (id: number, intent: JobIntent, fresh: boolean): Write => ({ put: 'job', row: job(id, { intent }), fresh });
      await store().run([
        script({
          writes: [
            put(1, 'building', true),
            put(2, 'none', true),
            { put: 'task', row: task(1, { job: 1 }), fresh: true },
            { put: 'array', row: array(10, { job: 1 }), fresh: true },
            { put: 'task', row: task(30, { job: 2 }), fresh: true },
          ],
        }),
      ]);
      const ids = async (): Promise<number[]> => {
        const [heads] = await headsOf({ ...plain, depth: 9 });
        return heads!.map((head) => ('task' in head ? head.task.id : head.array.id));
      };
      expect(await ids()).toEqual([30]);
      await store().run([script({ writes: [put(1, 'none', false)] })]);
      expect(await ids()).toEqual([1, 10, 30]);
      await store().run([script({ writes: [put(1, 'hold', false), put(2, 'cancel', false)] })]);
      expect(await ids()).toEqual([]);
      await store().run([script({ writes: [put(2, 'none', false)] })]);
      expect(await ids()).toEqual([30]);
      await store().run([script({ writes: [put(1, 'none', false)] })]);
      expect(await ids()).toEqual([1, 10, 30]);
    });

    test('a picky worker looks past what it may not take, and no further than 256 rows', async () => {
      const of = (n: number): Write[] => [
        { put: 'task', row: task(n), fresh: true },
        { put: 'exclusion', row: { task: n, worker: 1, session: null, until: null, why: 'failed' } },
      ];
      await store().run([
        script({
          writes: [{ put: 'job', row: job(1), fresh: true }, ...Array.from({ length: 255 }, (_, at) => of(at + 1)).flat()],
        }),
        script({ writes: [{ put: 'task', row: task(900), fresh: true }] }),
      ]);
      const picky = { ...plain, picky: true };
      const [near] = await headsOf(picky);
      expect(near!.map((head) => 'task' in head && head.task.id)).toEqual([900]);
      await store().run([script({ writes: of(256) })]);
      const [far, other] = await headsOf(picky, { ...picky, worker: 2 });
      expect(far).toEqual([]);
      expect(other).toHaveLength(1);
    });

    test('live classes are those with something ready, at once and after they ran empty', async () => {
      const live = async (): Promise<number[]> => (await store().query.liveClasses()).map(({ id }) => id);
      const asked = { made: { read: 'classOf', of: [] }, live: { read: 'liveClasses', of: null } } as const;
      const liveInside = async (): Promise<number[]> => {
        const { answers } = await store().run([script({ reads: [asked] })]);
        return (answers[0] as { answer: [{ live: { id: number }[] }] }).answer[0].live.map(({ id }) => id);
      };
      const specs = ['a', 'b', 'c'].map((kind) => ({
        kind,
        tags: [],
        amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
        pools: {},
        pin: null,
        blockJob: null,
        fair: null,
      }));
      await store().run([
        script({
          reads: [{ made: { read: 'classOf', of: specs } }],
          writes: [
            { put: 'job', row: job(1), fresh: true },
            { put: 'task', row: task(1, { class: 2 }), fresh: true },
            { put: 'array', row: array(10, { class: 3 }), fresh: true },
          ],
        }),
      ]);
      expect(await live()).toEqual([2, 3]);
      expect(await liveInside()).toEqual([2, 3]);
      const running = { state: 'running', worker: 1, session: 7 } as const;
      await store().run([
        script({
          writes: [
            { put: 'task', row: task(1, { class: 2, state: running }), fresh: false },
            { put: 'array', row: array(10, { class: 3, next: 10 }), fresh: false },
          ],
        }),
        asking(plain),
      ]);
      expect(await live()).toEqual([]);
      expect(await liveInside()).toEqual([]);
      await store().run([script({ writes: [{ put: 'task', row: task(1, { class: 2 }), fresh: false }] })]);
      expect(await live()).toEqual([2]);
      expect(await liveInside()).toEqual([2]);
    });
  });
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import type { CommandAnswer, RunResult, Store } from '../../src/ports/store.ts';
import { storeHeadsSuite } from './store-heads.suite.ts';
import { storeQueriesSuite } from './store-queries.suite.ts';
import { storeReadsSuite } from './store-reads.suite.ts';
import { classSpec, command, job, script, task } from './store-rows.ts';

/** One set of data. The procedures are those of `store-procedures.ts`. */
export interface StorePlace {
  /** Opening again, after `close`, finds what was there. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

const created = (name: string): Omit<Change, 'number' | 'at' | 'json'> & { data: { name: string } } => ({
  kind: 'job.created',
  job: null,
  task: null,
  worker: null,
  owner: null,
  data: { name },
});
const namesOf = (changes: readonly Change[]): string[] => changes.map(({ json }) => (JSON.parse(json) as { name: string }).name);
const add = (pool: string) => command('add', { pool });
const valuesOf = (result: RunResult): unknown[] => result.answers.map((answer) => ('answer' in answer ? answer.answer : answer));
const fresh = (n = 1, of: 'job' | 'task' = 'job') => script({ reads: [{ id: { read: 'fresh', of: { of, n } } }] });
const idOf = (answer: CommandAnswer | undefined): number => (answer as { answer: [{ id: number }] }).answer[0].id;

/** The rules S1 to S10 of `src/ports/store.ts`, for every store. */
export function storeSuite(name: string, make: () => Promise<StorePlace>): void {
  describe(`store: ${name}`, () => {
    let place: StorePlace;
    let store: Store;

    beforeEach(async () => {
      place = await make();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await place.open();
    };

    describe('rules', () => {
      test('S1 commands of one call run in order, and later ones see what earlier ones wrote', async () => {
        const result = await store.run([add('a'), add('a'), add('b'), add('a')]);
        expect(valuesOf(result)).toEqual([1, 2, 1, 3]);
      });

      test('S1 calls of one turn run in the order in which they were handed in', async () => {
        const results = await Promise.all(Array.from({ length: 40 }, () => store.run([add('a')])));
        expect(results.flatMap(valuesOf)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
        expect(await store.query.pools()).toEqual([{ name: 'a', total: 0, used: 40 }]);
      });

      test('S2 a refusal leaves no trace and its neighbours stay', async () => {
        const refusal = { code: 'invalid', detail: 'no' } as const;
        const result = await store.run([
          add('a'),
          script({
            reads: [{ made: { read: 'classOf', of: [classSpec({ kind: 'never' })] } }],
            writes: [{ put: 'pool', row: { name: 'a', total: 9, used: 9 } }],
            changes: [created('refused')],
            refuse: refusal,
          }),
          add('a'),
        ]);
        expect(result.answers).toEqual([{ answer: 1 }, { refusal }, { answer: 2 }]);
        expect(result.changes).toEqual([]);
        expect(await store.query.classes([1, 2])).toEqual([]);
      });

      test('S2 a throw leaves no trace and its neighbours stay', async () => {
        const result = await store.run([
          add('a'),
          script({ writes: [{ put: 'pool', row: { name: 'a', total: 9, used: 9 } }], throw: 'a bug' }),
          command('there is no such procedure', null),
          command('constructor', null),
          add('a'),
        ]);
        expect(result.answers.map((answer) => Object.keys(answer)[0])).toEqual([
          'answer',
          'thrown',
          'thrown',
          'thrown',
          'answer',
        ]);
        expect(result.answers[1]).toHaveProperty('thrown', expect.stringContaining('a bug'));
        expect(valuesOf(result)[4]).toBe(2);
      });

      test('S2 rows that cannot be written undo their command alone, wherever in the batch it stands', async () => {
        const put = (id: number) =>
          script({ writes: [{ put: 'job', row: job(id), fresh: true }], changes: [created(`job ${id}`)] });
        const bad = script({
          writes: [
            { put: 'pool', row: { name: 'bad', total: 1, used: 1 } },
            { put: 'job', row: { ...job(3), name: null as unknown as string }, fresh: true },
          ],
          changes: [created('bad')],
        });
        const calls = await Promise.all([
          store.run([put(1), add('a')]),
          store.run([put(1)]),
          store.run([bad, put(2), add('a')]),
          store.run([script({ writes: [{ put: 'task', row: task(77), fresh: false }] }), put(3), add('a')]),
        ]);
        expect(calls.map(({ answers }) => answers.map((answer) => Object.keys(answer)[0]))).toEqual([
          ['answer', 'answer'],
          ['thrown'],
          ['thrown', 'answer', 'answer'],
          ['thrown', 'answer', 'answer'],
        ]);
        expect(calls.map((call) => valuesOf(call).at(-1)).filter((value) => typeof value === 'number')).toEqual([1, 2, 3]);
        expect((await store.query.jobs({}, { limit: 10, cursor: null, order: 'asc' })).map(({ id }) => id)).toEqual([1, 2, 3]);
        expect((await store.query.pools()).map((pool) => pool.name)).toEqual(['a']);
        const { changes } = await store.query.changesSince(0, 100);
        expect(namesOf(changes)).toEqual(['job 1', 'job 2', 'job 3']);
        expect(calls.flatMap((call) => call.changes)).toEqual(changes);
      });

      test('S3 what is answered can be read at once, and after opening again', async () => {
        await store.run([script({ writes: [{ put: 'job', row: job(1), fresh: true }], changes: [created('one')] })]);
        expect(await store.query.job(1)).toEqual(job(1));
        if (!store.traits.durable) return;
        await reopen();
        expect(await store.query.job(1)).toEqual(job(1));
        expect(namesOf((await store.query.changesSince(0, 10)).changes)).toEqual(['one']);
      });

      test('S4 three reads are given, a fourth is a bug', async () => {
        const set = { job: { read: 'job', of: 1 } } as const;
        const { answers } = await store.run([script({ reads: [set, set, set] }), script({ reads: [set, set, set, set] })]);
        expect(answers[0]).toEqual({ answer: [{ job: null }, { job: null }, { job: null }] });
        expect(answers[1]).toHaveProperty('thrown', expect.stringContaining('reads'));
      });

      test('S5 ids start at 1, rise, and come in rows', async () => {
        const { answers } = await store.run([fresh(), fresh(5), fresh(1, 'task'), fresh()]);
        expect(answers.map(idOf)).toEqual([1, 2, 1, 7]);
      });

      test('S5 ids are never used again: not after a purge, not after opening again', async () => {
        await store.run([fresh(3), script({ writes: [{ put: 'job', row: job(3), fresh: true }] })]);
        await store.run([script({ writes: [{ drop: 'job', id: 3 }] })]);
        expect(idOf((await store.run([fresh()])).answers[0])).toBe(4);
        if (!store.traits.durable) return;
        await reopen();
        expect(idOf((await store.run([fresh()])).answers[0])).toBe(5);
      });

      test('S6 changes get rising numbers in the order of commits, over all calls and lanes', async () => {
        const calls = Array.from({ length: 60 }, (_, at) =>
          store.run([script({ changes: [created(`${at}a`), created(`${at}b`)] })], at % 3 === 0 ? 'bulk' : 'urgent'),
        );
        const told: Change[] = [];
        await Promise.all(calls.map((call) => call.then(({ changes }) => told.push(...changes))));
        expect(told.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
        const kept = await store.query.changesSince(0, 1_000);
        expect(kept).toEqual({ changes: told, oldest: 1, newest: 120 });
        expect((await store.query.changesSince(100, 5)).changes).toEqual(told.slice(100, 105));
      });

      test('S7 2,000 rows are written, 2,001 are a bug', async () => {
        const pools = (n: number, name: string) =>
          script({
            writes: Array.from({ length: n }, (_, at) => ({ put: 'pool', row: { name: `${name}${at}`, total: 1, used: 0 } })),
          });
        const { answers } = await store.run([pools(2_000, 'a'), pools(2_001, 'b')]);
        expect(Object.keys(answers[0]!)).toEqual(['answer']);
        expect(answers[1]).toHaveProperty('thrown', expect.stringContaining('2001'));
        expect(await store.query.pools()).toHaveLength(2_000);
      });

      test('S8 what is urgent passes the bulk calls that wait, and a bulk call still has its turn', async () => {
        const say = (text: string) => script({ changes: [created(text)] });
        // More urgent commands than one batch takes, so that the bulk calls wait beside several of them.
        const bulk = Array.from({ length: 3 }, (_, at) => store.run([say(`bulk ${at}`)], 'bulk'));
        const urgent = Array.from({ length: 6 }, () =>
          store.run(
            Array.from({ length: 500 }, () => say('urgent')),
            'urgent',
          ),
        );
        await Promise.all([...bulk, ...urgent]);
        const order = namesOf((await store.query.changesSince(0, 10_000)).changes);
        const places = [0, 1, 2].map((at) => order.indexOf(`bulk ${at}`));
        expect(order.slice(0, 500).filter((text) => text === 'urgent').length).toBeGreaterThan(498);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(places[0]).toBeLessThan(order.lastIndexOf('urgent'));
      });

      test('S9 close finishes what was handed in, then refuses; twice is harmless', async () => {
        const last = store.run([add('a')]);
        const bulk = store.run([add('a')], 'bulk');
        const closing = store.close();
        expect([valuesOf(await last), valuesOf(await bulk)].flat().sort()).toEqual([1, 2]);
        await Promise.all([closing, store.close()]);
        await store.close();
        expect((await store.run([add('a')])).answers).toEqual([
          { refusal: { code: 'not_ready', detail: expect.stringContaining('closed') } },
        ]);
      });
    });

    describe('wake', () => {
      const wakeOf = async (...of: Parameters<typeof script>): Promise<RunResult['wake']> =>
        (await store.run([script(...of)])).wake;

      test('says in which classes something became ready, what is due first, and that sweeps wait', async () => {
        const waiting = { state: 'waiting', held: false, notBefore: 50 } as const;
        const offered = { state: 'offered', worker: 1, session: 1, deadline: 40 } as const;
        expect(
          await wakeOf({
            writes: [
              { put: 'task', row: task(1, { class: 5 }), fresh: true },
              { put: 'task', row: task(2, { class: 6, state: waiting }), fresh: true },
              { put: 'task', row: task(3, { class: 7, state: offered }), fresh: true },
              { put: 'sweep', row: { key: 'purge 1', work: { kind: 'purge', job: 1 } } },
            ],
          }),
        ).toEqual({ classes: [5], workers: [], due: [40], sweeps: true });
      });

      test('adds what the procedures say, each call its own', async () => {
        const [a, b, none] = await Promise.all([
          wakeOf({ wake: { classes: [0], workers: [3], due: [9], sweeps: false } }),
          wakeOf({ wake: { workers: [4] } }),
          wakeOf({}),
        ]);
        expect(a).toEqual({ classes: [0], workers: [3], due: [9], sweeps: false });
        expect(b).toEqual({ classes: [], workers: [4], due: [], sweeps: false });
        expect(none).toEqual({ classes: [], workers: [], due: [], sweeps: false });
      });
    });

    describe('trim', () => {
      test('changes go by age or by number, oldest first, and readers learn what is missing', async () => {
        const at = (now: number) => script({ changes: [created(`${now}`)] }, now);
        await store.run([at(10), at(20), at(30), at(40)]);
        expect(await store.trim({ what: 'changes', olderThan: 20, keep: null })).toEqual({ removed: 1, more: false });
        expect(await store.query.changesSince(0, 10)).toMatchObject({ oldest: 2, newest: 4 });
        expect(await store.trim({ what: 'changes', olderThan: 0, keep: 1 })).toEqual({ removed: 2, more: false });
        expect(namesOf((await store.query.changesSince(0, 10)).changes)).toEqual(['40']);
        await store.trim({ what: 'changes', olderThan: 99, keep: null });
        expect(await store.query.changesSince(0, 10)).toEqual({ changes: [], oldest: 5, newest: 4 });
        expect((await store.run([at(50)])).changes.map(({ number }) => number)).toEqual([5]);
      });

      test('one slice at a time', async () => {
        for (let n = 0; n < 3; n += 1) await store.run([script({ changes: Array.from({ length: 1_500 }, () => created('x')) })]);
        const rule = { what: 'changes', olderThan: 9_999, keep: null } as const;
        expect(await store.trim(rule)).toEqual({ removed: 2_000, more: true });
        expect(await store.trim(rule)).toEqual({ removed: 2_000, more: true });
        expect(await store.trim(rule)).toEqual({ removed: 500, more: false });
      });

      test('audit and keys go by age', async () => {
        const row = { by: 'system', name: 'system', command: 'submit', subject: 'job 1', refusal: null };
        const key = { put: 'idempotent', owner: 'a', hash: 'h', job: 1 } as const;
        await store.run([
          script({
            writes: [
              { put: 'audit', row: { at: 10, ...row } },
              { put: 'audit', row: { at: 20, ...row } },
              { ...key, key: 'old', at: 10 },
              { ...key, key: 'new', at: 20 },
            ],
          }),
        ]);
        expect(await store.trim({ what: 'audit', olderThan: 15, keep: null })).toEqual({ removed: 1, more: false });
        expect(await store.query.audit({ limit: 9, cursor: null, order: 'desc' })).toEqual([{ id: 2, at: 20, ...row }]);
        expect(await store.trim({ what: 'idempotent', olderThan: 15, keep: null })).toEqual({ removed: 1, more: false });
        const asked = (of: string) => ({ read: 'idempotent', of: { owner: 'a', key: of } }) as const;
        const { answers } = await store.run([script({ reads: [{ old: asked('old'), new: asked('new') }] })]);
        expect(answers).toEqual([{ answer: [{ old: null, new: { hash: 'h', job: 1 } }] }]);
      });
    });

    storeReadsSuite(() => store);
    storeHeadsSuite(() => store);
    storeQueriesSuite(() => store);
  });
}

import type { ScheduleRequest } from '@switchyard/sdk/schedule.ts';
import { describe, expect, test } from 'vitest';
import { compileWith } from '../../src/app/compile-with.ts';
import { type Principal, principalWith } from '../../src/domain/principal.ts';
import { openSchedules, type Schedules, type SchedulesDeps } from '../../src/schedules/open-schedules.ts';
import type { Run } from '../../src/schedules/record.ts';
import { admin, connect, ok, openYard, settle, submitter, type Yard } from '../engine/lib/yard.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { until } from '../lib/until.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

interface Place extends AsyncDisposable {
  readonly yard: Yard;
  readonly schedules: Schedules;
  readonly errors: string[];
  /** Who is known; taken out of it: gone. */
  readonly people: Map<string, Principal>;
  /** Another life over the same store; `down`: so long nobody was there. `crashed`: without saying good-bye. */
  again(options?: { down?: number; crashed?: boolean; deps?: Partial<SchedulesDeps> }): Promise<void>;
  jobs(): Promise<{ id: number; labels: Readonly<Record<string, string>>; owner: string; state: string }[]>;
  /** Newest first, of one schedule. */
  runs(id: number): readonly Run[];
}

/** Begins on Thursday, 1 January 2026, 00:00 UTC. */
async function open(first: Partial<SchedulesDeps> = {}): Promise<Place> {
  const yard = await openYard();
  const people = new Map([admin, submitter].map((one) => [one.id, one]));
  const errors: string[] = [];
  const build = (more: Partial<SchedulesDeps>) =>
    openSchedules({
      ...{ records: yard.store.records, clock: yard.clock, random: createSeededRandom(3), engine: yard.engine },
      compile: compileWith(yard.engine, yard.clock, { commandLines: true }),
      principal: async (id) => people.get(id) ?? null,
      note: () => {},
      info: () => {},
      failed: (_where, cause) => errors.push(String(cause)),
      ...more,
    });
  let schedules = await build(first);
  return {
    ...{ yard, people, errors },
    get schedules() {
      return schedules;
    },
    async again({ down = 0, crashed = false, deps = {} } = {}) {
      if (!crashed) await schedules.close();
      // Whoever is left behind sees no clock any more: its timer is cancelled by nobody, so it is closed after the jump.
      yard.clock.jump(down);
      if (crashed) await schedules.close();
      schedules = await build(deps);
      await settle();
    },
    jobs: async () => (await yard.engine.query.jobs(admin, {}, { limit: 200, cursor: null, order: 'asc' })) as never,
    runs: (id) => ok(schedules.get(admin, id)).runs,
    [Symbol.asyncDispose]: async () => {
      await schedules.close();
      await yard.close();
    },
  };
}

const request = (more: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
  name: 'nightly',
  zone: 'UTC',
  job: { name: 'backup', spec: { argv: ['true'], cwd: '/' } },
  ...(more.at === undefined ? { cron: '0 * * * *' } : {}),
  ...more,
});

const add = async (place: Place, more: Partial<ScheduleRequest> = {}, by = submitter): Promise<number> =>
  ok(await place.schedules.add(by, request(more))).id;

const outcomes = (runs: readonly Run[]): string[] => runs.map(({ outcome }) => outcome);

describe('runs', () => {
  test('come at their moments, belong to the owner of the schedule and name it', async () => {
    await using place = await open();
    const id = await add(place);
    await place.yard.clock.advance(hour - 1);
    expect(await place.jobs()).toEqual([]);
    await place.yard.clock.advance(1);
    expect(await place.jobs()).toMatchObject([{ name: 'backup', owner: submitter.id, labels: { schedule: String(id) } }]);
    await place.yard.clock.advance(2 * hour);
    expect(await place.jobs()).toHaveLength(3);
    expect(place.runs(id).map(({ due, at }) => at - due)).toEqual([0, 0, 0]);
    expect(place.errors).toEqual([]);
  });

  test('one moment comes once, then the schedule is done', async () => {
    await using place = await open();
    const id = await add(place, { at: '2026-01-01T00:30:00Z' });
    await place.yard.clock.advance(2 * hour);
    expect(await place.jobs()).toHaveLength(1);
    expect(ok(place.schedules.get(submitter, id))).toMatchObject({ next: null });
  });

  test('a hundred schedules of one moment all run', async () => {
    await using place = await open();
    for (let i = 0; i < 100; i++) await add(place, { name: `s${i}` });
    await place.yard.clock.advance(hour);
    await until(async () => (await place.jobs()).length >= 100);
    await place.yard.clock.advance(0);
    expect(await place.jobs()).toHaveLength(100);
  });

  test('the last twenty are kept', async () => {
    await using place = await open();
    const id = await add(place, { cron: '* * * * *' });
    await place.yard.clock.advance(25 * minute);
    expect(place.runs(id)).toHaveLength(20);
    expect(await place.jobs()).toHaveLength(25);
  });

  test('nothing waits where nothing is to come', async () => {
    await using place = await open();
    const before = place.yard.clock.pending;
    const id = await add(place);
    expect(place.yard.clock.pending).toBe(before + 1);
    ok(await place.schedules.remove(submitter, id));
    expect(place.yard.clock.pending).toBe(before);
  });
});

describe('while an earlier job has not ended', () => {
  test('allow: another one begins beside it', async () => {
    await using place = await open();
    await add(place, { overlap: 'allow' });
    await place.yard.clock.advance(2 * hour);
    expect((await place.jobs()).map(({ state }) => state)).toEqual(['active', 'active'].map(() => expect.any(String)));
    expect(await place.jobs()).toHaveLength(2);
  });

  test('skip: the run is left out, and said; the next one comes when it has ended', async () => {
    await using place = await open();
    const id = await add(place, { overlap: 'skip' });
    await place.yard.clock.advance(2 * hour);
    expect(await place.jobs()).toHaveLength(1);
    expect(place.runs(id)[0]).toMatchObject({ outcome: 'skipped', job: null, text: expect.stringContaining('has not ended') });
    const worker = await connect(place.yard);
    await settle();
    await worker.end(worker.got[0]!.task.id);
    await place.yard.clock.advance(hour);
    expect(await place.jobs()).toHaveLength(2);
  });

  test('queue: it waits for the one before, and runs when that has failed too', async () => {
    await using place = await open();
    await add(place, { overlap: 'queue' });
    await place.yard.clock.advance(2 * hour);
    const worker = await connect(place.yard, { slots: 5 });
    await settle();
    expect(worker.got).toHaveLength(1);
    await worker.end(worker.got[0]!.task.id, 'failed');
    await settle();
    expect(worker.got).toHaveLength(2);
  });
});

describe('while nobody was there', () => {
  test('skip: what was missed is left out, counted, and the next one comes at its time', async () => {
    await using place = await open();
    const id = await add(place, { missed: 'skip' });
    await place.again({ down: 5 * hour + 30 * minute });
    expect(await place.jobs()).toEqual([]);
    expect(place.runs(id)).toMatchObject([{ outcome: 'missed', text: expect.stringContaining('5 runs') }]);
    await place.yard.clock.advance(30 * minute);
    expect(outcomes(place.runs(id))).toEqual(['submitted', 'missed']);
  });

  test('once: one run stands for all that were missed', async () => {
    await using place = await open();
    const id = await add(place, { missed: 'once' });
    await place.again({ down: 5 * hour + 30 * minute });
    expect(await place.jobs()).toHaveLength(1);
    expect(outcomes(place.runs(id))).toEqual(['submitted']);
  });

  test('once within an hour: later than that it is left out', async () => {
    await using place = await open();
    const daily = { cron: '0 12 * * *', missed: 'once' as const, withinMs: hour };
    const id = await add(place, daily);
    await place.again({ down: 12 * hour + 30 * minute });
    expect(outcomes(place.runs(id))).toEqual(['submitted']);
    await place.again({ down: day + hour });
    expect(outcomes(place.runs(id))).toEqual(['missed', 'submitted']);
  });

  test('a restart at the very moment is in time', async () => {
    await using place = await open();
    await add(place, { missed: 'skip' });
    await place.again({ down: hour + minute });
    expect(await place.jobs()).toHaveLength(1);
  });
});

describe('somebody sets the clock', () => {
  test('forward: what it passed over is noticed within a minute', async () => {
    await using place = await open();
    const id = await add(place, { missed: 'once' });
    place.yard.clock.jump(3 * hour);
    await place.yard.clock.advance(minute);
    expect(outcomes(place.runs(id))).toEqual(['submitted']);
  });

  test('back: the schedule goes on by the new time, and no moment runs twice', async () => {
    await using place = await open();
    await add(place);
    await place.yard.clock.advance(2 * hour + minute);
    expect(await place.jobs()).toHaveLength(2);
    place.yard.clock.jump(-2 * hour);
    await place.yard.clock.advance(2 * hour);
    expect(await place.jobs()).toHaveLength(2);
    await place.yard.clock.advance(hour);
    expect(await place.jobs()).toHaveLength(3);
  });

  test('back from a wrong year: it does not wait for that year', async () => {
    await using place = await open();
    place.yard.clock.jump(400 * day);
    await add(place);
    place.yard.clock.jump(-400 * day);
    await place.yard.clock.advance(2 * hour);
    expect((await place.jobs()).length).toBeGreaterThanOrEqual(1);
  });
});

describe('a crash', () => {
  /** An engine that takes the job in and never comes back with the answer. */
  const lostAnswer = (yard: Yard): Partial<SchedulesDeps> => ({
    engine: {
      query: yard.engine.query,
      submit: async (...args) => {
        await yard.engine.submit(...args);
        throw new Error('killed');
      },
    },
  });

  test('between the job and its note: the run is handed in again and is the same job', async () => {
    await using place = await open();
    const id = await add(place);
    await place.again({ deps: lostAnswer(place.yard) });
    await place.yard.clock.advance(hour);
    expect(await place.jobs()).toHaveLength(1);
    expect(place.runs(id)).toEqual([]);
    await place.again({ crashed: true });
    const [job] = await place.jobs();
    expect(await place.jobs()).toHaveLength(1);
    expect(place.runs(id)).toMatchObject([{ outcome: 'submitted', job: job?.id }]);
    await place.yard.clock.advance(hour);
    expect(await place.jobs()).toHaveLength(2);
  });

  test('so long ago that nobody can tell: it is said, not doubled', async () => {
    await using place = await open();
    const id = await add(place, { cron: '0 0 2 1 *' });
    await place.again({ deps: lostAnswer(place.yard) });
    await place.yard.clock.advance(day);
    await place.again({ crashed: true, down: 2 * day });
    expect(await place.jobs()).toHaveLength(1);
    expect(place.runs(id)).toMatchObject([{ outcome: 'refused', text: expect.stringContaining('too long ago') }]);
  });

  test('a store that takes nothing just now is asked again', async () => {
    await using place = await open();
    let full = true;
    const { yard } = place;
    const engine: SchedulesDeps['engine'] = {
      query: yard.engine.query,
      submit: async (...args) => (full ? { refusal: { code: 'storage', detail: 'full' } } : yard.engine.submit(...args)),
    };
    const id = await add(place);
    await place.again({ deps: { engine } });
    await yard.clock.advance(hour + minute);
    expect(place.runs(id)).toEqual([]);
    full = false;
    await yard.clock.advance(minute);
    expect(place.runs(id)).toMatchObject([{ outcome: 'submitted', due: Date.UTC(2026, 0, 1, 1) }]);
  });
});

describe('the owner', () => {
  test('gone: the schedule is paused and says so; back: it goes on where it is resumed', async () => {
    await using place = await open();
    const id = await add(place);
    place.people.delete(submitter.id);
    await place.yard.clock.advance(3 * hour);
    expect(await place.jobs()).toEqual([]);
    const found = ok(place.schedules.get(admin, id));
    expect(found.paused?.text).toContain('gone, disabled or expired');
    expect(outcomes(found.runs)).toEqual(['refused']);
    place.people.set(submitter.id, submitter);
    expect(ok(await place.schedules.resume(admin, id)).paused).toBeNull();
    await place.yard.clock.advance(hour);
    expect(outcomes(place.runs(id))).toEqual(['submitted', 'refused']);
  });

  test('with fewer rights than when he made it: his rights of now count', async () => {
    await using place = await open();
    const id = await add(place);
    place.people.set(submitter.id, principalWith('viewer', submitter.id, 'ada'));
    await place.yard.clock.advance(hour);
    expect(await place.jobs()).toEqual([]);
    expect(ok(place.schedules.get(admin, id)).paused?.text).toContain('may not submit');
  });

  test('others neither see nor steer it; administrators do', async () => {
    await using place = await open();
    const id = await add(place);
    const bob = principalWith('submitter', 'token:9', 'bob');
    expect(place.schedules.list(bob)).toEqual([]);
    for (const verb of ['pause', 'resume', 'run', 'remove'] as const) {
      expect((await place.schedules[verb](bob, id)).refusal?.code).toBe('not_found');
    }
    expect(place.schedules.list(admin)).toHaveLength(1);
  });
});

describe('by hand', () => {
  test('paused it submits nothing; resumed it makes up for nothing', async () => {
    await using place = await open();
    const id = await add(place, { missed: 'once' });
    ok(await place.schedules.pause(submitter, id));
    await place.yard.clock.advance(3 * hour + minute);
    ok(await place.schedules.resume(submitter, id));
    await place.yard.clock.advance(hour - 2 * minute);
    expect(await place.jobs()).toEqual([]);
    await place.yard.clock.advance(minute);
    expect(await place.jobs()).toHaveLength(1);
  });

  test('run now, beside its times, whatever runs', async () => {
    await using place = await open();
    const id = await add(place, { overlap: 'skip' });
    const first = ok(await place.schedules.run(submitter, id));
    const second = ok(await place.schedules.run(submitter, id));
    expect(second.job).not.toBe(first.job);
    expect(await place.jobs()).toHaveLength(2);
    expect(outcomes(place.runs(id))).toEqual(['submitted', 'submitted']);
  });

  test('removed it is gone, over a restart too, and its id does not come back', async () => {
    await using place = await open();
    const id = await add(place);
    ok(await place.schedules.remove(submitter, id));
    await place.again({ down: 2 * hour });
    expect(place.schedules.list(admin)).toEqual([]);
    expect(await add(place)).toBe(id + 1);
  });
});

describe('what is refused', () => {
  test.each([
    ['a job that is none', { job: { spec: { argv: [] } } }, 'malformed', '/job'],
    ['an unknown kind', { job: { kind: 'nothing', spec: {} } }, 'unknown_kind', '/job'],
    ['a cron that never comes', { cron: '0 0 31 2 *' }, 'invalid', '/cron'],
    [
      'a repeated job with one moment',
      { job: { spec: { argv: ['x'], cwd: '/' }, deadline: '2026-02-01T00:00:00Z' } },
      'invalid',
      '/job',
    ],
    ['a window without once', { withinMs: 5_000 }, 'invalid', '/withinMs'],
    ['a job too large for a record', { job: { spec: { argv: ['x'.repeat(50_000)], cwd: '/' } } }, 'too_large', '/job'],
  ])('%s', async (_what, more, code, at) => {
    await using place = await open();
    const { refusal } = await place.schedules.add(submitter, request(more as Partial<ScheduleRequest>));
    expect(refusal?.code).toBe(code);
    expect(refusal?.at?.startsWith(at)).toBe(true);
  });

  test('more than five hundred of one owner', async () => {
    await using place = await open();
    for (let i = 0; i < 500; i++) await add(place);
    expect((await place.schedules.add(submitter, request())).refusal?.code).toBe('too_many');
    await add(place, {}, admin);
  });

  test('a role that submits nothing, and kinds that it may not submit', async () => {
    await using place = await open();
    const viewer = principalWith('viewer', 'token:5', 'eve');
    expect((await place.schedules.add(viewer, request())).refusal?.code).toBe('forbidden');
    const printer = principalWith('print', 'user:5', 'pat');
    expect((await place.schedules.add(printer, request())).refusal?.detail).toContain('kind shell');
  });
});

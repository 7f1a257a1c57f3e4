import type { ScheduleRequest } from '@switchyard/sdk/schedule.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { may, type Principal, reaches } from '../domain/principal.ts';
import { localZone } from '../domain/sleep-schedule.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import { type HandInDeps, handIn } from './hand-in.ts';
import { type KeptSchedule, type Run, withRun } from './record.ts';
import { createRunner } from './runner.ts';
import { ScheduleBook } from './schedule-book.ts';
import { nextAfter, timingOf } from './timing.ts';

/** Jobs that are submitted by the clock. Everybody sees and steers what he may see and steer of jobs. */
export interface Schedules {
  list(by: Principal): readonly KeptSchedule[];
  get(by: Principal, id: number): Result<KeptSchedule>;
  add(by: Principal, request: ScheduleRequest): Promise<Result<KeptSchedule>>;
  pause(by: Principal, id: number): Promise<Result<KeptSchedule>>;
  resume(by: Principal, id: number): Promise<Result<KeptSchedule>>;
  /** Submits its job now, whatever of it runs, with its owner's rights. */
  run(by: Principal, id: number): Promise<Result<Run>>;
  remove(by: Principal, id: number): Promise<Result<null>>;
}

export type ScheduleAct = 'addSchedule' | 'pauseSchedule' | 'resumeSchedule' | 'runSchedule' | 'removeSchedule';

export interface SchedulesDeps extends HandInDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  /** For the audit trail. */
  note(by: Principal, act: ScheduleAct, subject: string): void;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  failed(where: string, cause: unknown): void;
}

const mostPerOwner = 500;
/** A record holds 64 KiB; the history and the rest need some of it. */
const mostJobBytes = 40_000;

export async function openSchedules(deps: SchedulesDeps): Promise<Schedules & { close(): Promise<void> }> {
  const { clock, random, note } = deps;
  const book = await ScheduleBook.open(deps.records);
  const runner = createRunner(deps, book);
  await runner.start();

  function get(by: Principal, id: number): Result<KeptSchedule> {
    const found = book.all.get(id);
    if (found === undefined || !reaches(by, found.owner)) return refuse('not_found', `There is no schedule ${id}`);
    return { value: found };
  }

  /** A change by a person; refused where it makes no sense any more. */
  async function change(
    by: Principal,
    id: number,
    act: ScheduleAct,
    to: (schedule: KeptSchedule) => KeptSchedule,
  ): Promise<Result<KeptSchedule>> {
    const found = get(by, id);
    if (found.refusal !== undefined) return found;
    const kept = await book.change(id, (schedule) => to(schedule));
    if (kept === null) return refuse('not_found', `There is no schedule ${id}`);
    note(by, act, `schedule ${id}`);
    runner.arm();
    return { value: kept };
  }

  return {
    list: (by) => [...book.all.values()].filter(({ owner }) => reaches(by, owner)).sort((a, b) => a.id - b.id),
    get,
    async add(by, request) {
      const wrong = await refusalOf(deps, book, by, request);
      if (wrong !== null) return wrong;
      const { name, cron, at, zone = localZone(), overlap = 'allow', missed = 'skip', withinMs = null, job } = request;
      const now = clock.now();
      const timing = timingOf(cron, at, zone, now);
      if (timing.refusal !== undefined) return timing;
      const kept = await book.add({
        ...{ name, owner: by.id, timing: timing.value, overlap, missed, withinMs, job, createdAt: now },
        ...{ paused: null, next: nextAfter(timing.value, now), pending: null, alive: [], runs: [] },
      });
      note(by, 'addSchedule', `schedule ${kept.id}`);
      runner.arm();
      return { value: kept };
    },
    pause: (by, id) =>
      change(by, id, 'pauseSchedule', (one) => ({ ...one, paused: one.paused ?? { at: clock.now(), text: `by ${by.name}` } })),
    resume: (by, id) => change(by, id, 'resumeSchedule', (one) => resumed(one, clock.now())),
    async run(by, id) {
      const found = get(by, id);
      if (found.refusal !== undefined) return found;
      const at = clock.now();
      const done = await handIn(deps, found.value, `schedule:${id}:now:${random.uuid()}`, true);
      if ('later' in done) return refuse('storage', done.later);
      const run: Run = { ...done.run, due: at, at };
      if (run.outcome === 'refused') return refuse('invalid', run.text ?? 'The job was refused');
      await book.change(id, (one) => ({ ...withRun(one, run), alive: done.alive }));
      note(by, 'runSchedule', `schedule ${id}`);
      return { value: run };
    },
    async remove(by, id) {
      const found = get(by, id);
      if (found.refusal !== undefined) return found;
      await book.remove(id);
      note(by, 'removeSchedule', `schedule ${id}`);
      runner.arm();
      return { value: null };
    },
    close: () => runner.close(),
  };
}

/** What was paused is not made up for; a single moment that passed is dealt with like any that was missed. */
function resumed(schedule: KeptSchedule, now: Millis): KeptSchedule {
  if (schedule.paused === null) return schedule;
  const next = schedule.timing.cron === null ? schedule.next : nextAfter(schedule.timing, now);
  return { ...schedule, paused: null, next };
}

async function refusalOf({ compile }: SchedulesDeps, book: ScheduleBook, by: Principal, { job, cron, ...rest }: ScheduleRequest) {
  if (!may(by, 'job:submit')) return refuse('forbidden', `${by.name} lacks the right job:submit`);
  if (Buffer.byteLength(JSON.stringify(job)) > mostJobBytes) {
    return refuse('too_large', `The job of a schedule has at most ${mostJobBytes} bytes; put long lists into a file`, '/job');
  }
  if (rest.withinMs !== undefined && rest.missed !== 'once') {
    return refuse('invalid', 'withinMs says how late a missed run may be: it needs missed: once', '/withinMs');
  }
  if (cron !== undefined && (job.notBefore !== undefined || job.deadline !== undefined)) {
    return refuse('invalid', 'A job that comes again and again cannot name one moment (notBefore, deadline)', '/job');
  }
  const own = [...book.all.values()].filter(({ owner }) => owner === by.id);
  if (own.length >= mostPerOwner) return refuse('too_many', `Nobody has more than ${mostPerOwner} schedules`);
  const plan = await compile(job);
  if (plan.refusal !== undefined) return { refusal: { ...plan.refusal, at: `/job${plan.refusal.at ?? ''}` } };
  return forbiddenKind(
    by,
    plan.value.tasks.map(({ kind }) => kind),
  );
}

function forbiddenKind(by: Principal, kinds: readonly string[]) {
  const wrong = by.kinds === null ? undefined : kinds.find((kind) => by.kinds?.includes(kind) === false);
  return wrong === undefined ? null : refuse('forbidden', `${by.name} may not submit tasks of kind ${wrong}`, '/job');
}

import { type Result, refuse } from '../domain/errors.ts';
import type { Millis, WorkerId } from '../domain/ids.ts';
import { may, type Principal } from '../domain/principal.ts';
import { asksAt, isZone, nextBoundary, type SleepSchedule } from '../domain/sleep-schedule.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Feed } from './engine.ts';
import type { Insist } from './insist.ts';
import type { EngineQueries } from './queries.ts';

export interface ScheduleOf {
  readonly schedule: SleepSchedule;
  /** When it will next ask for something; null: never. */
  readonly nextCheck: Millis | null;
}

/** When workers sleep, whichever door they came in by. A change by hand holds until the schedule's next boundary. */
export interface SleepSchedules {
  of(worker: WorkerId): ScheduleOf | null;
  /** Takes effect at once. */
  set(by: Principal, worker: WorkerId, schedule: SleepSchedule): Promise<Result<ScheduleOf>>;
  remove(by: Principal, worker: WorkerId): Promise<Result<null>>;
}

interface Kept extends ScheduleOf {
  /** What it asked for last was sleep. */
  readonly putToSleep: boolean;
}

export interface SleepSchedulesDeps {
  readonly records: Records;
  readonly insist: Insist;
  readonly query: Pick<EngineQueries, 'worker'>;
  readonly feed: Pick<Feed, 'subscribe'>;
  readonly clock: Clock;
  failed(where: string, cause: unknown): void;
}

const collection = 'sleep-schedule';
/** The timer runs on monotonic time: it looks again now and then, lest a wall clock that was set leaves it behind. */
const longestWait = 3_600_000;

/** One timer for all, armed for the earliest boundary. What came due while the server was down is made up for at the start. */
export async function openSleepSchedules(deps: SleepSchedulesDeps): Promise<SleepSchedules & { close(): void }> {
  const { records, insist, query, feed, clock, failed } = deps;
  const schedules = new Map<WorkerId, Kept>();
  let timer: Timer | null = null;
  let closed = false;
  for (const { key, value } of await records.list<Kept>(collection)) schedules.set(Number(key), value);

  function arm(): void {
    timer?.cancel();
    timer = null;
    const moments = [...schedules.values()].flatMap(({ nextCheck }) => (nextCheck === null ? [] : [nextCheck]));
    if (closed || moments.length === 0) return;
    const wait = Math.min(...moments) - clock.now();
    timer = clock.after(Math.min(longestWait, Math.max(0, wait)), () => void look());
  }

  async function look(): Promise<void> {
    const now = clock.now();
    for (const [worker, { nextCheck, schedule }] of [...schedules]) {
      if (nextCheck === null || nextCheck > now) continue;
      await apply(worker, schedule).catch((cause: unknown) => failed('sleep-schedule', cause));
    }
    arm();
  }

  /** Asks the worker for what the schedule says now, and notes when it is to be looked at again. */
  async function apply(worker: WorkerId, schedule: SleepSchedule): Promise<Kept> {
    const now = clock.now();
    const putToSleep = schedules.get(worker)?.putToSleep ?? false;
    const asks = asksAt(schedule, now, putToSleep);
    const nextCheck = nextBoundary(schedule, now)?.at ?? null;
    const kept = { schedule, nextCheck, putToSleep: asks === null ? putToSleep : asks === 'asleep' };
    schedules.set(worker, kept);
    if (asks !== null) await insist('wish', { worker, mode: asks, lazy: false });
    // After the wish: killed in between it is only asked for once more.
    await keep(worker, kept);
    return kept;
  }

  async function keep(worker: WorkerId, kept: Kept): Promise<void> {
    for (let put = false; !put && schedules.get(worker) === kept; ) {
      const found = await records.get<Kept>(collection, String(worker));
      put = (await records.put(collection, String(worker), kept, found?.revision ?? null)).ok;
    }
  }

  async function drop(worker: WorkerId): Promise<void> {
    if (!schedules.delete(worker)) return;
    await records.delete(collection, String(worker));
    arm();
  }

  const stop = feed.subscribe({ kinds: ['worker.deleted'] }, (changes) => {
    for (const { worker } of changes) {
      if (worker !== null) drop(worker).catch((cause: unknown) => failed('sleep-schedule', cause));
    }
  });
  await look();

  return {
    of: (worker) => schedules.get(worker) ?? null,
    async set(by, worker, schedule) {
      const wrong = await refusalOf(by, worker);
      if (wrong !== null) return wrong;
      if (!isZone(schedule.zone)) {
        return refuse('invalid', `${schedule.zone} is no time zone; write one like Europe/Amsterdam`, '/zone');
      }
      const kept = await apply(worker, schedule);
      arm();
      return { value: kept };
    },
    async remove(by, worker) {
      const wrong = await refusalOf(by, worker);
      if (wrong !== null) return wrong;
      await drop(worker);
      return { value: null };
    },
    close() {
      closed = true;
      timer?.cancel();
      stop();
    },
  };

  async function refusalOf(by: Principal, worker: WorkerId) {
    if (!may(by, 'worker:control')) return refuse('forbidden', `${by.name} lacks the right worker:control`);
    const found = await query.worker(by, worker);
    return found.refusal === undefined ? null : found;
  }
}

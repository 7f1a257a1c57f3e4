import type { Millis } from '../domain/ids.ts';
import { wallLookMs } from '../engine/wall-clock.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { type HandInDeps, handIn, keyOf } from './hand-in.ts';
import { type KeptSchedule, type Run, type Schedule, withRun } from './record.ts';
import type { ScheduleBook } from './schedule-book.ts';
import { type Due, dueAt, mostCounted, nextAfter, onTimeMs } from './timing.ts';

export interface RunnerDeps extends HandInDeps {
  readonly clock: Clock;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  failed(where: string, cause: unknown): void;
}

export interface ScheduleRunner {
  start(): Promise<void>;
  /** The earliest moment may have changed. */
  arm(): void;
  /** Waits for runs that are being handed in. */
  close(): Promise<void>;
}

const againMs = 30_000;
/** The engine knows a key for a day: what is older may have been handed in and forgotten. */
const keyKnownMs = 20 * 3_600_000;
/** Runs that are handed in side by side. */
const atOnce = 50;

/** One timer for all schedules, armed for the earliest moment. */
export function createRunner(deps: RunnerDeps, book: ScheduleBook): ScheduleRunner {
  const { clock } = deps;
  let timer: Timer | null = null;
  let closed = false;
  let looking: Promise<void> | null = null;
  let retryAt: Millis | null = null;
  /** Nothing is tried before this, after something broke. */
  let restUntil: Millis = 0;
  let lastNow = clock.now();

  function arm(): void {
    timer?.cancel();
    timer = null;
    const moments = [book.earliest, retryAt].filter((at): at is Millis => at !== null);
    if (closed || looking !== null || moments.length === 0) return;
    // What is waited for was reckoned by this time.
    lastNow = Math.max(lastNow, clock.now());
    const wait = Math.max(0, Math.min(...moments) - clock.now(), restUntil - clock.monotonic());
    timer = clock.after(Math.min(wallLookMs, wait), () => void look());
  }

  function look(): Promise<void> {
    looking ??= turn()
      .catch((cause: unknown) => {
        restUntil = clock.monotonic() + againMs;
        deps.failed('schedules', cause);
      })
      .finally(() => {
        looking = null;
        arm();
      });
    return looking;
  }

  async function turn(): Promise<void> {
    retryAt = null;
    const now = clock.now();
    if (now < lastNow) await realign(now);
    lastNow = now;
    const due = [...book.all.values()].filter((one) => one.pending !== null || isDue(one, now));
    for (let i = 0; i < due.length && !closed; i += atOnce) {
      await Promise.all(due.slice(i, i + atOnce).map(({ id }) => runOne(id)));
    }
  }

  async function runOne(id: number): Promise<void> {
    const kept = book.all.get(id);
    if (kept === undefined) return;
    const taken = kept.pending === null ? await book.change(id, (one) => taking(one, clock.now())) : kept;
    if (taken === null || taken.pending === null) return;
    const { due, at } = taken.pending;
    const result = await outcomeOf(taken, taken.pending);
    if ('later' in result) {
      retryAt = clock.now() + againMs;
      deps.info({ schedule: id, why: result.later }, 'schedule:later');
      return;
    }
    const { run, alive, pause } = result;
    const done = await book.change(id, (one) => ({
      ...withRun(one, { ...run, due, at }),
      alive,
      pending: null,
      paused: one.paused ?? (pause === null ? null : { at: clock.now(), text: pause }),
    }));
    if (done !== null) deps.info({ schedule: id, ...run }, 'schedule:run');
  }

  async function outcomeOf(schedule: KeptSchedule, { due, at }: { due: Millis; at: Millis }) {
    if (clock.now() - at > keyKnownMs) {
      const text = 'The server stopped while it was handed in, too long ago to tell whether it was';
      return { run: { outcome: 'refused' as const, job: null, text }, alive: schedule.alive, pause: null };
    }
    return handIn(deps, schedule, keyOf(schedule.id, due));
  }

  /** The wall clock was set back: what waits for a moment that it had shown too early would wait for long. */
  async function realign(now: Millis): Promise<void> {
    for (const { id } of [...book.all.values()]) await book.change(id, (one) => realigned(one, now));
  }

  return {
    async start() {
      await realign(clock.now());
      await look();
    },
    arm,
    async close() {
      closed = true;
      timer?.cancel();
      timer = null;
      await looking;
    },
  };
}

const isDue = ({ paused, next }: Schedule, now: Millis): boolean => paused === null && next !== null && next <= now;

function realigned(schedule: KeptSchedule, now: Millis): Schedule | null {
  const { timing, next } = schedule;
  if (timing.cron === null || next === null) return null;
  const wanted = nextAfter(timing, now);
  return wanted === null || wanted >= next ? null : { ...schedule, next: wanted };
}

/** What is to be done about a schedule whose moment has come; null: nothing. Written before the job is. */
export function taking(schedule: KeptSchedule, now: Millis): Schedule | null {
  if (!isDue(schedule, now) || schedule.next === null) return null;
  const due = dueAt(schedule.timing, schedule.next, now);
  if (due === null) return null;
  const after = { ...schedule, next: due.next };
  // The clock was set back meanwhile, and this moment had its run.
  if (schedule.runs.some((run) => run.due === due.at && run.outcome === 'submitted')) return after;
  const left = missedOf(schedule, due, now);
  const noted = left === null ? after : withRun(after, left);
  return makesUp(schedule, due, now) ? { ...noted, pending: { due: due.at, at: now } } : noted;
}

function makesUp({ missed, withinMs }: Schedule, { at }: Due, now: Millis): boolean {
  const late = now - at;
  return late <= onTimeMs || (missed === 'once' && (withinMs === null || late <= withinMs));
}

/** What nobody makes up for is said. With `once` the last one stands for all. */
function missedOf(schedule: Schedule, due: Due, now: Millis): Run | null {
  const made = makesUp(schedule, due, now);
  if (made && (due.passed === 0 || schedule.missed === 'once')) return null;
  const all = due.passed + (made ? 0 : 1);
  const first = schedule.next ?? due.at;
  const text = `The server was not there for ${due.passed < mostCounted ? all : `more than ${mostCounted}`} run${all === 1 ? '' : 's'}`;
  return { due: made ? first : due.at, at: now, outcome: 'missed', job: null, text };
}

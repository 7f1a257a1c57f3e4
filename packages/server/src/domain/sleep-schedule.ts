import type { Millis } from './ids.ts';

/** Monday first. */
export const weekdays = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;
export type Weekday = (typeof weekdays)[number];

/**
 * When a worker is to sleep: from `start` to `end`, past midnight where `end` is the earlier one, on nights (or days) that begin
 * on one of `days`. In the local time of `zone`, so that it keeps its hours over the change to summer time.
 */
export interface SleepSchedule {
  readonly active: boolean;
  /** Empty: every day. */
  readonly days: readonly Weekday[];
  /** Minutes after midnight. Null: from midnight; until midnight. Both the same: never. */
  readonly start: number | null;
  readonly end: number | null;
  /** IANA name, such as `Europe/Amsterdam`. */
  readonly zone: string;
}

/** What is asked of the worker at a moment. */
export interface Boundary {
  readonly at: Millis;
  readonly asks: 'asleep' | 'awake';
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const dayMinutes = 1_440;
/** A week and a day: whoever has boundaries at all has one within. Periods are looked at one day beyond. */
const daysAhead = 8;

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

export function isAsleepAt(schedule: SleepSchedule, now: Millis): boolean {
  return schedule.active && periodsAround(schedule, now, 0).some(({ from, to }) => from <= now && now < to);
}

/** The next moment at which sleep begins or ends; null: never. */
export function nextBoundary(schedule: SleepSchedule, after: Millis): Boundary | null {
  if (!schedule.active) return null;
  const periods = periodsAround(schedule, after, daysAhead + 1);
  const sleeps = (at: Millis): boolean => periods.some(({ from, to }) => from <= at && at < to);
  const moments = periods.flatMap(({ from, to }) => [from, to]).sort((a, b) => a - b);
  // Where one period follows at once on another nothing changes.
  const until = after + daysAhead * dayMs;
  const at = moments.find((moment) => moment > after && moment < until && sleeps(moment) !== sleeps(moment - 1));
  return at === undefined ? null : { at, asks: sleeps(at) ? 'asleep' : 'awake' };
}

/**
 * What the schedule asks for at this moment, when it is looked at: on a day that is not listed it only takes back what it had
 * asked for itself (flamenco §8 A9). Null: nothing.
 */
export function asksAt(schedule: SleepSchedule, now: Millis, putToSleep: boolean): Boundary['asks'] | null {
  if (!schedule.active) return null;
  if (isAsleepAt(schedule, now)) return 'asleep';
  return putToSleep || isListed(schedule, localDay(schedule.zone, now)) ? 'awake' : null;
}

interface Period {
  readonly from: Millis;
  readonly to: Millis;
}

/** Periods that begin yesterday or later, up to so many days ahead. */
function periodsAround(schedule: SleepSchedule, now: Millis, ahead: number): Period[] {
  const { zone } = schedule;
  const start = schedule.start ?? 0;
  const end = schedule.end ?? dayMinutes;
  if (start === end) return [];
  const today = localDay(zone, now);
  const periods: Period[] = [];
  for (let day = today - 1; day <= today + ahead; day++) {
    if (!isListed(schedule, day)) continue;
    const endDay = end < start ? day + 1 : day;
    periods.push({ from: instantOf(zone, day, start), to: instantOf(zone, endDay, end) });
  }
  return periods;
}

function isListed({ days }: SleepSchedule, day: number): boolean {
  // The first of January 1970 was a Thursday.
  const weekday = weekdays[(((day + 3) % 7) + 7) % 7];
  return days.length === 0 || (weekday !== undefined && days.includes(weekday));
}

/** Days since 1970 on the calendar of the zone. */
function localDay(zone: string, at: Millis): number {
  return Math.floor((at + offsetAt(zone, at)) / dayMs);
}

/**
 * The moment at which clocks of the zone show this time. One that comes twice counts the first time; one that is left out
 * counts as long after midnight as it says.
 */
function instantOf(zone: string, day: number, minutes: number): Millis {
  const shown = day * dayMs + minutes * minuteMs;
  const before = shown - offsetAt(zone, shown - dayMs);
  const after = shown - offsetAt(zone, shown + dayMs);
  const right = [before, after].filter((at) => at + offsetAt(zone, at) === shown);
  return right.length === 0 ? before : Math.min(...right);
}

/** How far the zone is ahead of UTC at this moment, ms. */
function offsetAt(zone: string, at: Millis): number {
  const whole = Math.floor(at / 1_000) * 1_000;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(whole)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  const format = new Intl.DateTimeFormat('en-US', { ...fields, hourCycle: 'h23', timeZone: zone });
  formats.set(zone, format);
  return format;
}

/** The zone of this machine. */
export const localZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `07:30` -> 450; null stays null. The text has been checked. */
export function minutesOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

export function clockTime(minutes: number | null): string | null {
  if (minutes === null) return null;
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { asksAt, isAsleepAt, isZone, nextBoundary, type SleepSchedule, weekdays } from '../../src/domain/sleep-schedule.ts';

const zone = 'Europe/Amsterdam';
const at = (text: string, where = zone): number => DateTime.fromISO(text, { zone: where }).toMillis();
const shown = (ms: number, where = zone): string => DateTime.fromMillis(ms, { zone: where }).toFormat('ccc yyyy-MM-dd HH:mm');
const schedule = (of: Partial<SleepSchedule>): SleepSchedule => ({ active: true, days: [], start: null, end: null, zone, ...of });
const hhmm = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const hours = (start: string, end: string, more: Partial<SleepSchedule> = {}): SleepSchedule =>
  schedule({ start: hhmm(start), end: hhmm(end), ...more });

/** The next boundaries, as people write them. */
function boundaries(of: SleepSchedule, from: string, n: number): string[] {
  const found: string[] = [];
  for (let now = at(from, of.zone); found.length < n; ) {
    const next = nextBoundary(of, now);
    if (next === null) break;
    found.push(`${shown(next.at, of.zone)} ${next.asks}`);
    now = next.at;
  }
  return found;
}

describe('sleep schedule', () => {
  it('sleeps within its hours, the first minute in, the last out', () => {
    const day = hours('09:00', '18:00');
    const states = ['08:59', '09:00', '17:59', '18:00'].map((time) => isAsleepAt(day, at(`2026-11-18T${time}`)));
    expect(states).toEqual([false, true, true, false]);
  });

  it('passes midnight: a night belongs to the day on which it begins', () => {
    const night = hours('19:00', '07:30', { days: ['fr', 'mo'] });
    // 2026-11-20 is a Friday.
    expect(boundaries(night, '2026-11-19T12:00', 5)).toEqual([
      'Fri 2026-11-20 19:00 asleep',
      'Sat 2026-11-21 07:30 awake',
      'Mon 2026-11-23 19:00 asleep',
      'Tue 2026-11-24 07:30 awake',
      'Fri 2026-11-27 19:00 asleep',
    ]);
    expect(isAsleepAt(night, at('2026-11-21T03:00'))).toBe(true);
    expect(isAsleepAt(night, at('2026-11-20T03:00'))).toBe(false);
  });

  it('without hours sleeps whole days, and does not wake between two of them', () => {
    expect(boundaries(schedule({ days: ['sa', 'su'] }), '2026-11-19T12:00', 3)).toEqual([
      'Sat 2026-11-21 00:00 asleep',
      'Mon 2026-11-23 00:00 awake',
      'Sat 2026-11-28 00:00 asleep',
    ]);
    expect(nextBoundary(schedule({}), at('2026-11-19T12:00'))).toBeNull();
    expect(isAsleepAt(schedule({}), at('2026-11-19T12:00'))).toBe(true);
    expect(nextBoundary(hours('10:00', '10:00'), at('2026-11-19T12:00'))).toBeNull();
    expect(isAsleepAt(hours('10:00', '10:00'), at('2026-11-19T10:00'))).toBe(false);
  });

  it('keeps its hours over the changes of summer time', () => {
    // In 2026: forward on March 29 at 02:00, back on October 25 at 03:00.
    expect(boundaries(hours('19:00', '07:00'), '2026-03-28T12:00', 4)).toEqual([
      'Sat 2026-03-28 19:00 asleep',
      'Sun 2026-03-29 07:00 awake',
      'Sun 2026-03-29 19:00 asleep',
      'Mon 2026-03-30 07:00 awake',
    ]);
    expect(nextBoundary(hours('19:00', '07:00'), at('2026-03-28T20:00'))!.at - at('2026-03-28T19:00')).toBe(11 * 3_600_000);
    expect(nextBoundary(hours('19:00', '07:00'), at('2026-10-24T20:00'))!.at - at('2026-10-24T19:00')).toBe(13 * 3_600_000);
  });

  it('a time that is left out comes late, a time that comes twice counts once', () => {
    expect(boundaries(hours('02:30', '06:00'), '2026-03-28T12:00', 2)).toEqual([
      'Sun 2026-03-29 03:30 asleep',
      'Sun 2026-03-29 06:00 awake',
    ]);
    const autumn = nextBoundary(hours('02:30', '06:00'), at('2026-10-24T12:00'))!;
    expect(new Date(autumn.at).toISOString()).toBe('2026-10-25T00:30:00.000Z');
    expect(shown(nextBoundary(hours('02:30', '06:00'), autumn.at)!.at)).toBe('Sun 2026-10-25 06:00');
  });

  it('on a day that is not listed it takes back only what it asked for itself', () => {
    const night = hours('19:00', '07:00', { days: ['fr'] });
    const saturday = at('2026-11-21T08:00');
    expect(asksAt(night, saturday, true)).toBe('awake');
    expect(asksAt(night, saturday, false)).toBeNull();
    expect(asksAt(night, at('2026-11-20T08:00'), false)).toBe('awake');
    expect(asksAt(night, at('2026-11-21T03:00'), false)).toBe('asleep');
    expect(asksAt({ ...night, active: false }, at('2026-11-21T03:00'), true)).toBeNull();
    expect(nextBoundary({ ...night, active: false }, saturday)).toBeNull();
  });

  it('knows zones', () => {
    expect(isZone('Europe/Amsterdam')).toBe(true);
    expect(isZone('Middle/Earth')).toBe(false);
  });

  it('agrees with luxon, minute for minute, in any zone', () => {
    const zones = ['UTC', 'Europe/Amsterdam', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
    const minutes = fc.option(fc.integer({ min: 0, max: 1_439 }));
    const any = fc.record({
      active: fc.constant(true),
      days: fc.subarray([...weekdays]),
      start: minutes,
      end: minutes,
      zone: fc.constantFrom(...zones),
    });
    const moment = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2028, 0, 1) });
    fc.assert(
      fc.property(any, moment, (of, now) => {
        const next = nextBoundary(of, now);
        const before = isAsleepAt(of, now);
        if (next === null) {
          for (let day = 0; day < 8; day++) expect(isAsleepAt(of, now + day * 86_400_000)).toBe(before);
          return;
        }
        expect(next.at).toBeGreaterThan(now);
        expect(isAsleepAt(of, next.at)).toBe(next.asks === 'asleep');
        expect(isAsleepAt(of, next.at - 1)).toBe(next.asks !== 'asleep');
        expect(before).toBe(next.asks !== 'asleep');
        const local = DateTime.fromMillis(next.at, { zone: of.zone });
        const side = next.asks === 'asleep' ? (of.start ?? 0) : (of.end ?? 0);
        // Where clocks were set that day the time may be one that was left out, or comes twice.
        const plainDay = local.minus({ days: 1 }).offset === local.plus({ days: 1 }).offset;
        if (plainDay) expect(local.hour * 60 + local.minute).toBe(side % 1_440);
      }),
      { numRuns: 300 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import type { Timing } from '../../src/schedules/record.ts';
import { dueAt, momentOf, nextAfter, timingOf } from '../../src/schedules/timing.ts';

const zone = 'Europe/Amsterdam';
const cron = (text: string, where = zone): Timing => ({ cron: text, at: null, zone: where });
const at = (text: string): number => Date.parse(`2026-${text}Z`);

function moments(text: string, from: string, n: number, where = zone): string[] {
  const found: string[] = [];
  for (let after = at(from); found.length < n; ) {
    const next = nextAfter(cron(text, where), after);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(5, 16));
    after = next;
  }
  return found;
}

describe('clocks go forward (29 March 2026, 02:00 to 03:00 in Amsterdam)', () => {
  test('a time of the day that is left out comes when the clocks have gone forward, and only once', () => {
    expect(moments('30 2 * * *', '03-27T12:00', 4)).toEqual(['03-28T01:30', '03-29T01:00', '03-30T00:30', '03-31T00:30']);
  });

  test('a time after the gap keeps its hour', () => {
    expect(moments('0 3 * * *', '03-27T12:00', 3)).toEqual(['03-28T02:00', '03-29T01:00', '03-30T01:00']);
    expect(moments('0 7 * * *', '03-27T12:00', 3)).toEqual(['03-28T06:00', '03-29T05:00', '03-30T05:00']);
  });

  test('what comes every hour or every few minutes goes on without gap or double', () => {
    expect(moments('30 * * * *', '03-28T23:45', 4)).toEqual(['03-29T00:30', '03-29T01:30', '03-29T02:30', '03-29T03:30']);
    expect(moments('*/30 * * * *', '03-29T00:15', 4)).toEqual(['03-29T00:30', '03-29T01:00', '03-29T01:30', '03-29T02:00']);
  });

  test('steps within an hour that is left out are left out with it', () => {
    expect(moments('*/30 2 * * *', '03-28T12:00', 2)).toEqual(['03-30T00:00', '03-30T00:30']);
  });
});

describe('clocks go back (25 October 2026, 03:00 to 02:00 in Amsterdam)', () => {
  test('a time of the day that comes twice counts the first time only', () => {
    expect(moments('30 2 * * *', '10-23T12:00', 4)).toEqual(['10-24T00:30', '10-25T00:30', '10-26T01:30', '10-27T01:30']);
  });

  test('what comes every hour or every few minutes comes in both hours', () => {
    expect(moments('30 * * * *', '10-24T23:45', 3)).toEqual(['10-25T00:30', '10-25T01:30', '10-25T02:30']);
    expect(moments('*/20 * * * *', '10-25T00:15', 5)).toHaveLength(5);
    const steps = moments('*/20 * * * *', '10-25T00:15', 9).map((text) => Date.parse(`2026-${text}Z`));
    expect(steps.slice(1).map((step, i) => step - (steps[i] ?? 0))).toEqual(Array.from({ length: 8 }, () => 1_200_000));
  });

  test('half-hour zones too (Lord Howe moves by thirty minutes)', () => {
    const days = moments('45 1 * * *', '04-03T12:00', 3, 'Australia/Lord_Howe');
    expect(days).toEqual(['04-03T14:45', '04-04T14:45', '04-05T15:15']);
  });
});

describe('one moment', () => {
  test('with an offset it is that; without, the time of the zone', () => {
    expect(momentOf('2026-12-24T18:00:00Z', zone)).toBe(at('12-24T18:00'));
    expect(momentOf('2026-12-24T18:00:00+02:00', zone)).toBe(at('12-24T16:00'));
    expect(momentOf('2026-12-24T18:00', zone)).toBe(at('12-24T17:00'));
    expect(momentOf('2026-07-24T18:00', zone)).toBe(at('07-24T16:00'));
  });

  test('left out: that much later; twice: the first time', () => {
    expect(momentOf('2026-03-29T02:30', zone)).toBe(at('03-29T01:30'));
    expect(momentOf('2026-10-25T02:30', zone)).toBe(at('10-25T00:30'));
  });
});

describe('what is refused', () => {
  const now = at('06-01T00:00');
  const why = (cronText: string | undefined, atText: string | undefined, where = zone): string =>
    timingOf(cronText, atText, where, now).refusal?.detail ?? 'taken';

  test.each([
    ['x', 'no cron time'],
    ['61 * * * *', '61'],
    ['* * * * * *', 'no cron time'],
    ['2026-07-01T00:00:00', 'give it as at'],
    ['0 0 31 2 *', 'never comes'],
    ['@reboot', 'no cron time'],
    ['', 'no cron time'],
  ])('cron %j: %s', (text, part) => expect(why(text, undefined)).toContain(part));

  test.each([
    ['2026-05-31T00:00:00Z', 'never comes'],
    ['2026-13-01T00:00:00Z', 'no moment'],
    ['2027-02-30T00:00', 'there is no day'],
    ['2027-02-30T00:00:00Z', 'there is no day'],
    ['2026-07-01', 'no moment'],
    ['2026T', 'no moment'],
  ])('at %j: %s', (text, part) => expect(why(undefined, text)).toContain(part));

  test('neither, both, and a zone that is none', () => {
    expect(why(undefined, undefined)).toContain('either cron');
    expect(why('@daily', '2026-07-01T00:00:00Z')).toContain('either cron');
    expect(why('@daily', undefined, 'Mars/Olympus')).toContain('no time zone');
    expect(why('@daily', undefined)).toBe('taken');
    expect(why('0 7 * * MON-FRI', undefined)).toBe('taken');
  });
});

describe('what came due', () => {
  test('the latest moment, how many passed before it, and what comes next', () => {
    const hourly = cron('0 * * * *');
    expect(dueAt(hourly, at('06-01T10:00'), at('06-01T09:59'))).toBeNull();
    expect(dueAt(hourly, at('06-01T10:00'), at('06-01T10:00'))).toEqual({
      at: at('06-01T10:00'),
      passed: 0,
      next: at('06-01T11:00'),
    });
    expect(dueAt(hourly, at('06-01T10:00'), at('06-01T13:30'))).toEqual({
      at: at('06-01T13:00'),
      passed: 3,
      next: at('06-01T14:00'),
    });
  });

  test('after years it is still found at once', () => {
    const minutely = cron('* * * * *');
    const due = dueAt(minutely, at('06-01T10:00'), Date.parse('2029-01-01T00:00:30Z'));
    expect(due).toEqual({ at: Date.parse('2029-01-01T00:00:00Z'), passed: 100, next: Date.parse('2029-01-01T00:01:00Z') });
  });

  test('one moment comes once', () => {
    const once: Timing = { cron: null, at: '2026-06-01T10:00:00Z', zone };
    expect(dueAt(once, at('06-01T10:00'), at('06-02T00:00'))).toEqual({ at: at('06-01T10:00'), passed: 0, next: null });
  });
});

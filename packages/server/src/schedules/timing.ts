import { Cron } from 'croner';
import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { isZone } from '../domain/sleep-schedule.ts';
import type { Timing } from './record.ts';

/** Later than this after its moment a run is one that was missed. Wall clocks that were set are noticed within half of it. */
export const onTimeMs = 120_000;
/** So many missed runs are counted, at 0.2 ms each; of more it is only said that they are. */
export const mostCounted = 100;

/** What a request says, as a timing that comes at least once. */
export function timingOf(cron: string | undefined, at: string | undefined, zone: string, now: Millis): Result<Timing> {
  if (!isZone(zone)) return refuse('invalid', `${zone} is no time zone; write one like Europe/Amsterdam`, '/zone');
  if ((cron === undefined) === (at === undefined)) {
    return refuse('invalid', 'A schedule has either cron (again and again) or at (once)', '/cron');
  }
  const timing: Timing = cron === undefined ? { cron: null, at: at ?? '', zone } : { cron, at: null, zone };
  const place = cron === undefined ? '/at' : '/cron';
  try {
    const next = nextAfter(timing, now);
    return next === null ? refuse('invalid', `${cron ?? at} never comes (any more)`, place) : { value: timing };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^Cron(Pattern|Date)?: /, '') : String(cause);
    return refuse('invalid', cron === undefined ? `${at} is no moment: ${why}` : `"${cron}" is no cron time: ${why}`, place);
  }
}

/** The first moment after this one; null: none. Throws for a timing that was never checked. */
export function nextAfter(timing: Timing, after: Millis): Millis | null {
  if (timing.cron === null) {
    const at = momentOf(timing.at, timing.zone);
    return at > after ? at : null;
  }
  return patternOf(timing.cron, timing.zone).nextRun(new Date(after))?.getTime() ?? null;
}

const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/;

/** A local time that is left out when clocks go forward counts as that much later; one that comes twice, the first time. */
export function momentOf(text: string, zone: string): Millis {
  if (!text.includes('T')) throw new Error('write a date and a time, such as 2026-12-24T18:00');
  const day = text.slice(0, 10);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) throw new Error(`there is no day ${day}`);
  if (hasOffset.test(text)) {
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw new Error('write it like 2026-12-24T18:00:00Z');
    return at;
  }
  const whole = /T\d{2}:\d{2}$/.test(text) ? `${text}:00` : text;
  const at = new Cron(whole, { timezone: zone, paused: true }).nextRun(new Date(0));
  if (at === null) throw new Error('write it like 2026-12-24T18:00');
  return at.getTime();
}

const patterns = new Map<string, Cron>();
const mostPatterns = 5_000;

/** Parsed once per pattern and zone; croner is asked for arithmetic only, no timer of its own runs. */
function patternOf(cron: string, zone: string): Cron {
  const key = `${zone} ${cron}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  if (/^\d{4}-/.test(cron)) throw new Error('that is one moment: give it as at');
  const pattern = new Cron(cron, { timezone: zone, paused: true, mode: '5-part' });
  if (patterns.size >= mostPatterns) patterns.clear();
  patterns.set(key, pattern);
  return pattern;
}

/** What came due up to now. */
export interface Due {
  /** The latest moment. */
  readonly at: Millis;
  /** So many moments before it passed without a run; at most `mostCounted` are counted. */
  readonly passed: number;
  /** The first moment after now. */
  readonly next: Millis | null;
}

/** `next`: the first moment that has not been dealt with. Null: it is not yet due. */
export function dueAt(timing: Timing, next: Millis, now: Millis): Due | null {
  if (next > now) return null;
  let at = next;
  for (let passed = 0; passed < mostCounted; passed++) {
    const following = nextAfter(timing, at);
    if (following === null || following > now) return { at, passed, next: following };
    at = following;
  }
  const latest = timing.cron === null ? null : patternOf(timing.cron, timing.zone).previousRuns(1, new Date(now + 1))[0];
  return { at: Math.max(at, latest?.getTime() ?? at), passed: mostCounted, next: nextAfter(timing, now) };
}

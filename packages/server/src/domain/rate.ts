import type { Millis } from './ids.ts';
import type { RateSpec } from './needs.ts';

/** When tasks under a key were given out lately: enough to know whether one more may be. */
export interface Rate {
  readonly key: string;
  /** Ascending. */
  readonly starts: readonly Millis[];
  /** Shown to workers that may begin them at any moment: counted as if they had. */
  readonly offered: number;
  /** The longest interval that anybody counts in. */
  readonly perMs: number;
  /** When one more is possible again; null: at once. */
  readonly freeAt: Millis | null;
}

/** Starts that are remembered: no rate may count more. */
export const mostStarts = 1_000;

/** How many more may start now: `max` less what started within the interval. */
export function rateRoom({ max, perMs }: RateSpec, rate: Rate | undefined, now: Millis): number {
  if (rate === undefined) return max;
  let recent = 0;
  for (let i = rate.starts.length - 1; i >= 0 && (rate.starts[i] ?? 0) > now - perMs; i--) recent += 1;
  return max - recent - rate.offered;
}

/** The moment at which one more may start; null: now. */
export function rateFreeAt(spec: RateSpec, rate: Rate | undefined, now: Millis): Millis | null {
  if (rate === undefined || rateRoom(spec, rate, now) > 0) return null;
  // So many of the oldest starts must leave the interval; what is only shown may be answered at any moment.
  const at = rate.starts.at(rate.offered - spec.max);
  return at === undefined || rate.offered >= spec.max ? now : at + spec.perMs;
}

/** So many more (or fewer) are begun and shown. What has begun never comes back. */
export function rateTaken(spec: RateSpec, rate: Rate | undefined, by: { begun: number; offered: number }, now: Millis): Rate {
  const perMs = Math.max(spec.perMs, rate?.perMs ?? 0);
  const recent = (rate?.starts ?? []).filter((at) => at > now - perMs);
  const starts = by.begun > 0 ? [...recent, now].slice(-mostStarts) : recent;
  const next = { key: spec.key, starts, offered: Math.max(0, (rate?.offered ?? 0) + by.offered), perMs, freeAt: null };
  return { ...next, freeAt: rateFreeAt(spec, next, now) };
}

import type { Millis } from './ids.ts';

/** After its back-off a task still avoids the worker that failed it for this long, so that another one may take it. */
export const avoidFor: Millis = 30_000;
export const longestBackoff: Millis = 600_000;

/** Doubles with every failure, between 75 % and 125 % by the dice, at most ten minutes. Null: at once. */
export function backoffUntil(baseMs: number, failures: number, dice: number, now: Millis): Millis | null {
  if (baseMs <= 0) return null;
  const grown = Math.min(longestBackoff, baseMs * 2 ** Math.min(failures - 1, 30));
  return now + Math.round(grown * (0.75 + dice * 0.5));
}

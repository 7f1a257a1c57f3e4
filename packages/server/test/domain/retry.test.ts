import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffUntil, longestBackoff } from '../../src/domain/retry.ts';

const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const base = fc.integer({ min: 1, max: 10_000_000 });
const failures = fc.integer({ min: 1, max: 10_000 });

describe('back-off', () => {
  it('lies between 75 % and 125 % of the doubled time, at most ten minutes', () =>
    fc.assert(
      fc.property(base, failures, dice, (ms, n, d) => {
        const wait = (backoffUntil(ms, n, d, 5_000) ?? 0) - 5_000;
        const plain = Math.min(longestBackoff, ms * 2 ** Math.min(30, n - 1));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(plain * 0.75));
        expect(wait).toBeLessThanOrEqual(Math.ceil(plain * 1.25));
        expect(Number.isSafeInteger(wait)).toBe(true);
      }),
    ));

  it('never shortens with another failure', () =>
    fc.assert(
      fc.property(base, failures, dice, (ms, n, d) => {
        expect(backoffUntil(ms, n + 1, d, 0)).toBeGreaterThanOrEqual(backoffUntil(ms, n, d, 0) ?? 0);
      }),
    ));

  it('is none for a base of 0', () => {
    expect(backoffUntil(0, 5, 0.5, 9)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { simulate } from './lib/simulation.ts';

/** `SWITCHYARD_SEEDS=2000` plays more of them, `SWITCHYARD_FIRST_SEED=7` others. */
const seeds = Number(process.env.SWITCHYARD_SEEDS ?? 200);
const first = Number(process.env.SWITCHYARD_FIRST_SEED ?? 1);
const steps = 30;
const perTest = 25;

describe('random yards', () => {
  for (let from = first; from < first + seeds; from += perTest) {
    const to = Math.min(from + perTest, first + seeds) - 1;
    it(`seeds ${from} to ${to}`, { timeout: 120_000 }, async () => {
      let succeeded = 0;
      for (let seed = from; seed <= to; seed++) succeeded += (await simulate({ seed, steps })).succeeded;
      // Yards in which nothing happens prove nothing.
      expect(succeeded).toBeGreaterThan(to - from + 1);
    });
  }
});

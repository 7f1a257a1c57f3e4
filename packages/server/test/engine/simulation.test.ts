import { describe, expect, it } from 'vitest';
import { simulate } from './lib/simulation.ts';

/** `SWITCHYARD_SEEDS=2000` plays more of them, `SWITCHYARD_FIRST_SEED=7` others. */
const seeds = Number(process.env.SWITCHYARD_SEEDS ?? (process.env.SWITCHYARD_TEST_FAULTS === 'full' ? 120 : 60));
const first = Number(process.env.SWITCHYARD_FIRST_SEED ?? 1);
const steps = 40;
const perTest = 20;

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

  // Each found something once: offers after an accept, accepts without room, retries over unanswered offers, members of an
  // array whose parent was lost or deleted, tasks that nobody may try again, offers to who was blocked meanwhile, two
  // workers kept for one task.
  const found = [34, 124, 651, 721, 1415, 2061, 2182, 2282, 2337, 1356, 5039, 5040];
  it(`seeds that failed before: ${found.join(', ')}`, { timeout: 120_000 }, async () => {
    for (const seed of found) await simulate({ seed, steps: 60 });
  });

  it("the same over the store's own thread", { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 8; seed++) await simulate({ seed, steps, yard: { threaded: true } });
  });
});

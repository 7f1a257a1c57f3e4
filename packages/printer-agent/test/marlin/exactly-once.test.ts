import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moves, PrinterYard } from '../lib/printer-yard.ts';

describe('printerlynx §8.28 every line is accepted exactly once, in order', () => {
  async function check(seed: number, chances: Record<string, number>, lines: readonly string[]): Promise<void> {
    const yard = await PrinterYard.open({ speed: Number.POSITIVE_INFINITY, seed });
    try {
      // Faults begin after the greeting: the print is what is looked at.
      for (let i = 1; i <= lines.length * 2; i++) {
        for (const [kind, chance] of Object.entries(chances))
          if (dice(seed, i, kind) < chance) yard.printer.fault(kind as 'corrupt', i);
      }
      yard.print(lines);
      const end = yard.untilEnded(3_600_000);
      expect(end).toEqual({ result: 'completed', message: null });
      expect(yard.taken.filter((line) => /^(G1|M117)/.test(line))).toEqual(lines);
    } finally {
      await yard.close();
    }
  }

  it('with 1 % corrupted lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), (seed) => check(seed, { corrupt: 0.01 }, moves(400))),
      { numRuns: 25 },
    );
  });

  it('with every fault of a cable at once, 2 % each', async () => {
    const chances = { corrupt: 0.02, 'lose-ok': 0.02, 'lose-line': 0.02, 'bare-resend': 0.02, 'split-ok': 0.02, token: 0.02 };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1_000_000 }), (seed) => check(seed, chances, moves(150))),
      { numRuns: 25 },
    );
  });
});

/** 0 ≤ x < 1, the same for the same. */
function dice(seed: number, at: number, kind: string): number {
  let mixed =
    seed ^
    (at * 0x9e3779b1) ^
    (kind.length * 0x85ebca6b) ^
    ((kind.charCodeAt(0) ?? 0) << 16) ^
    (kind.charCodeAt(kind.length - 1) ?? 0);
  for (const shift of [15, 13, 16]) mixed = Math.imul(mixed ^ (mixed >>> shift), 0x2c1b3c6d);
  return (mixed >>> 0) / 4_294_967_296;
}

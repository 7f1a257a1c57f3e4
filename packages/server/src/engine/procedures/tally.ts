import { noCounts } from '../../domain/counts.ts';
import type { Tally } from '../../domain/rows.ts';

export function newTally(kind: string): Tally {
  return { kind, counts: noCounts, finishedRuns: 0, finishedSeconds: 0 };
}

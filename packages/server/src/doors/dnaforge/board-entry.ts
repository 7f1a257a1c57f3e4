import type { Change } from '../../domain/change.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Simulation } from './simulation.ts';
import type { ShownJob } from './translate.ts';

/** One job on the board: what is shown of it, and how far its news has been told. */
export interface BoardEntry {
  /** Null: it is being read from the store. */
  sim: Simulation | null;
  readonly backlog: Change[];
  busy: boolean;
  /** While it is busy beyond the present turn. */
  working: Promise<void> | null;
  /** What was last told, so that nothing is told twice. */
  told: ShownJob | null;
  /** Monotonic. */
  toldAt: number;
  timer: Timer | null;
  gone: boolean;
}

export const newEntry = (): BoardEntry => ({
  ...{ sim: null, backlog: [], busy: false, working: null },
  ...{ told: null, toldAt: Number.NEGATIVE_INFINITY, timer: null, gone: false },
});

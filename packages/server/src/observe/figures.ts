import type { Task } from '../domain/task.ts';
import type { Clock } from '../ports/clock.ts';
import { Histogram } from './histogram.ts';

/** s; from at once to a day. */
export const startBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3_600, 21_600, 86_400] as const;
/** s; a flush takes 0.05 ms on a quiet disk, 50 ms on a busy one. */
export const batchBounds = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const;
export const commandBounds = [1, 2, 5, 10, 20, 50, 100, 200, 512] as const;

/** Kinds with a histogram of their own; kinds beyond count as `other`. They are chosen by submitters, so they are bounded. */
const mostKinds = 24;

/** What must be counted as it happens. Everything else is read when somebody scrapes. */
export interface Figures {
  /** The engine says that an attempt began. */
  began(task: Task): void;
  /** The store says that a batch was committed and flushed, `ms` after it was given out. */
  batch(batch: { readonly calls: number; readonly commands: number; readonly ms: number }): void;
  readonly starts: ReadonlyMap<string, Histogram>;
  readonly batchSeconds: Histogram;
  readonly batchCommands: Histogram;
}

export function createFigures(clock: Pick<Clock, 'now'>): Figures {
  const starts = new Map<string, Histogram>();
  const batchSeconds = new Histogram(batchBounds);
  const batchCommands = new Histogram(commandBounds);

  function histogramOf(kind: string): Histogram {
    const name = starts.has(kind) || starts.size < mostKinds ? kind : 'other';
    const known = starts.get(name) ?? new Histogram(startBounds);
    starts.set(name, known);
    return known;
  }

  return {
    began({ kind, attempt, createdAt }) {
      // What is tried again has waited for other reasons. A wall clock that was set back must not count below nothing.
      if (attempt === 1) histogramOf(kind).observe(Math.max(0, clock.now() - createdAt) / 1_000);
    },
    batch({ commands, ms }) {
      batchSeconds.observe(ms / 1_000);
      batchCommands.observe(commands);
    },
    starts,
    batchSeconds,
    batchCommands,
  };
}

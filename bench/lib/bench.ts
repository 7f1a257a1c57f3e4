import type { Ground } from './ground.ts';

/** One figure of one contestant: the median of its rounds. */
export interface Line {
  readonly what: string;
  readonly unit: string;
  readonly rounds: readonly number[];
  readonly note?: string;
}

/** What DESIGN section 10 asks for, and what came out. */
export interface Verdict {
  readonly target: string;
  readonly value: number;
  readonly limit: number;
  readonly better: 'higher' | 'lower';
  readonly unit: string;
}

export interface LeftOut {
  readonly who: string;
  readonly why: string;
}

export interface BenchResult {
  readonly lines: readonly Line[];
  readonly verdicts: readonly Verdict[];
  readonly leftOut?: readonly LeftOut[];
  /** What a reader must know to believe the figures. */
  readonly notes?: readonly string[];
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** How it is measured, in two or three sentences. */
  readonly method: string;
  run(ground: Ground): Promise<BenchResult>;
}

export function met({ value, limit, better }: Verdict): boolean {
  return better === 'higher' ? value >= limit : value <= limit;
}

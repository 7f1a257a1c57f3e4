import type { Line } from './bench.ts';
import { median, short } from './figures.ts';

export interface Round {
  readonly value: number;
  /** Processor time per piece of work, µs: what is left of a figure when others use the machine too. */
  readonly cpuUs?: number;
}

export interface Contestant {
  readonly name: string;
  round(): Promise<Round>;
}

export type Rounds = ReadonlyMap<string, readonly Round[]>;

/** Everybody once per round, each round beginning with another one, so that a slow minute of the machine hits all alike. */
export async function inRounds(rounds: number, contestants: readonly Contestant[]): Promise<Rounds> {
  const figures = new Map<string, Round[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const contestant = contestants[(i + round) % contestants.length];
      if (contestant !== undefined) figures.get(contestant.name)?.push(await contestant.round());
    }
  }
  return figures;
}

/** Median of its rounds; NaN where it did not take part. */
export function figureOf(rounds: Rounds, name: string): number {
  return median((rounds.get(name) ?? []).map(({ value }) => value));
}

/** What took the least processor time, NaN where that is not known. */
export function cpuOf(rounds: Rounds, name: string): number {
  return median((rounds.get(name) ?? []).map(({ cpuUs = Number.NaN }) => cpuUs));
}

export function linesOf(rounds: Rounds, unit: string): Line[] {
  return [...rounds].map(([what, figures]) => {
    const cpu = cpuOf(rounds, what);
    const line = { what, unit, rounds: figures.map(({ value }) => value) };
    return Number.isFinite(cpu) ? { ...line, note: `processor: ${short(cpu)} µs each` } : line;
  });
}

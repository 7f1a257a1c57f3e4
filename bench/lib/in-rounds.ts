import type { Line } from './bench.ts';
import { median, short } from './figures.ts';
import { quiet, stillQuiet } from './quiet.ts';

export interface Round {
  readonly value: number;
  /** Processor time per piece of work, µs: what is left of a figure when others use the machine too. */
  readonly cpuUs?: number;
}

export interface Contestant {
  readonly name: string;
  round(): Promise<Round>;
}

interface Judged extends Round {
  /** Nobody else used the machine before and after it. */
  readonly quiet: boolean;
}

export type Rounds = ReadonlyMap<string, readonly Judged[]>;

/** So many quiet rounds are enough to leave the others out. */
const enough = 2;

/** Everybody once per round, each round beginning with another one, so that a slow minute of the machine hits all alike. */
export async function inRounds(rounds: number, contestants: readonly Contestant[]): Promise<Rounds> {
  const figures = new Map<string, Judged[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const contestant = contestants[(i + round) % contestants.length];
      if (contestant !== undefined) figures.get(contestant.name)?.push(await judged(contestant));
    }
  }
  return figures;
}

async function judged(contestant: Contestant): Promise<Judged> {
  const before = await quiet();
  const round = await contestant.round();
  return { ...round, quiet: (await stillQuiet()) && before };
}

/** The rounds that count. */
function counting(rounds: Rounds, name: string): readonly Judged[] {
  const all = rounds.get(name) ?? [];
  const good = all.filter((round) => round.quiet);
  return good.length >= enough ? good : all;
}

/** Median of its rounds; NaN where it did not take part. */
export function figureOf(rounds: Rounds, name: string): number {
  return median(counting(rounds, name).map(({ value }) => value));
}

/** The same of its processor time, NaN where that is not known. */
export function cpuOf(rounds: Rounds, name: string): number {
  return median(counting(rounds, name).map(({ cpuUs = Number.NaN }) => cpuUs));
}

export function linesOf(rounds: Rounds, unit: string): Line[] {
  return [...rounds].map(([what, all]) => {
    const used = counting(rounds, what);
    const cpu = cpuOf(rounds, what);
    const notes = [
      ...(Number.isFinite(cpu) ? [`processor: ${short(cpu)} µs each`] : []),
      ...(used.length < all.length ? [`noisy rounds left out: ${all.length - used.length}`] : []),
      ...(used.every((round) => round.quiet) ? [] : ['others used the machine']),
    ];
    return { what, unit, rounds: used.map(({ value }) => value), note: notes.join('; ') };
  });
}

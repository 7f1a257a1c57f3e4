import type { OxdnaResult } from '@switchyard/sdk/oxdna.ts';
import type { EnergyLine } from './energy-lines.ts';

export interface Reached {
  /** Over all runs. */
  readonly done: number;
  readonly total: number;
  readonly extensions: number;
  readonly engine: string | null;
  readonly last: EnergyLine | null;
}

export function resultOf({ done, total, extensions, engine, last }: Reached): OxdnaResult {
  const energy = last !== null && Number.isFinite(last.energy) ? last.energy : null;
  return { extensions, steps: done, totalSteps: total, engine, energy, stretched: last?.stretched ?? null };
}

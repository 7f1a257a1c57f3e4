import type { PrinterLive } from '@switchyard/sdk/printer.ts';

/** What was seen of a printer's heaters since somebody looks: newest last, bounded. Times in seconds. */
export interface Temperatures {
  readonly names: readonly string[];
  readonly at: readonly number[];
  /** One row per name. */
  readonly actual: readonly (readonly (number | null)[])[];
}

export const noTemperatures: Temperatures = { names: [], at: [], actual: [] };

const most = 900;

export function addTemperatures(now: Temperatures, heaters: PrinterLive['heaters'], at: number): Temperatures {
  const names = [...new Set([...now.names, ...Object.keys(heaters)])];
  const cut = <T>(row: readonly T[]): readonly T[] => (row.length > most ? row.slice(-most) : row);
  return {
    names,
    at: cut([...now.at, at]),
    actual: names.map((name, index) => cut([...(now.actual[index] ?? now.at.map(() => null)), heaters[name]?.actual ?? null])),
  };
}

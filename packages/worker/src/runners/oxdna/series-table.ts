import type { EnergyLine } from './energy-lines.ts';

/** Rows of one density. Then every second print is left out, then three of four, …: a run of any length stays small. */
const rowsPerDensity = 1_000;

/** The energy series of an attempt as the text table of `sdk/series.ts`. */
export class SeriesTable {
  readonly #note: (text: string) => void;
  #every = 1;
  #rows = 0;
  #seen = 0;
  #left: string | null = null;

  constructor(note: (text: string) => void) {
    this.#note = note;
    note('# step energy stretched extension\n');
  }

  /** `base`: steps of the runs before this one. */
  add({ step, energy, stretched }: EnergyLine, base: number, extension: number): void {
    const row = `${base + step} ${energy} ${stretched} ${extension}\n`;
    this.#left = row;
    this.#seen += 1;
    if ((this.#seen - 1) % this.#every !== 0) return;
    this.flush();
    this.#rows += 1;
    if (this.#rows % rowsPerDensity === 0) this.#every *= 2;
  }

  /** The last row is never left out. */
  flush(): void {
    if (this.#left !== null) this.#note(this.#left);
    this.#left = null;
  }
}

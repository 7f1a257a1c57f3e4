import type { EnergyLine } from './energy-lines.ts';

/** So many of a run's last prints decide on its extension. */
const kept = 5;
const energyRest = 0.01;

/** The last prints of one run. */
export class Recent {
  #lines: EnergyLine[] = [];

  add(line: EnergyLine): void {
    this.#lines.push(line);
    if (this.#lines.length > kept) this.#lines.shift();
  }

  get last(): EnergyLine | null {
    return this.#lines.at(-1) ?? null;
  }

  /** The structure has not come to rest: the energy still moves, or the number of stretched bonds changes (dnaforge §4.3). */
  get restless(): boolean {
    const [first] = this.#lines;
    const { last } = this;
    if (first === undefined || last === null) return false;
    const stretched = new Set(this.#lines.map((line) => line.stretched));
    return Math.abs(first.energy - last.energy) > energyRest || stretched.size > 1;
  }
}

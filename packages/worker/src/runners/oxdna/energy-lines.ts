/** One print of the engine: what our line says (dnaforge §4.2). */
export interface EnergyLine {
  /** Of the present run. */
  readonly step: number;
  /** Potential energy per nucleotide; may be NaN or infinite. */
  readonly energy: number;
  readonly stretched: number;
}

export type Seen = EnergyLine | { readonly fault: string };

/** No line of the engine is longer. */
const lineMost = 1_024;
const own = /^\s*(\d{1,15})\s+(-?\d[\d.]*(?:e[+-]?\d+)?|[+-]?nan|[+-]?inf)\s+(\d{1,9})\s*$/i;

/** The engine's own energy line has columns of its own, by kind of simulation. */
const standard = /^\s*\d+\s+\S+\s+\S/;

/**
 * Reads the engine's standard output piece by piece. We ask for our line alone; where an engine prints its standard line all the
 * same, before ours or after it, that is skipped. After a fault nothing more is read. Keeps no more than one unfinished line.
 */
export class EnergyLines {
  readonly #see: (seen: Seen) => void;
  readonly #text = new TextDecoder('latin1');
  #rest = '';
  /** Standard lines since the last one of ours. */
  #skipped = 0;
  #deaf = false;

  constructor(see: (seen: Seen) => void) {
    this.#see = see;
  }

  read(piece: Uint8Array): void {
    if (this.#deaf) return;
    const lines = (this.#rest + this.#text.decode(piece, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#rest.length > lineMost) this.#fault(this.#rest);
  }

  #take(line: string): void {
    if (this.#deaf || line.trim() === '') return;
    const short = line.slice(0, lineMost);
    const found = short === line ? own.exec(line) : null;
    if (found === null) {
      this.#skipped += 1;
      if (this.#skipped > 1 || short !== line || !standard.test(line)) this.#fault(line);
      return;
    }
    this.#skipped = 0;
    this.#see({ step: Number(found[1]), energy: numberOf(found[2] ?? ''), stretched: Number(found[3]) });
  }

  #fault(line: string): void {
    this.#deaf = true;
    this.#rest = '';
    this.#see({ fault: `its output has a line that is no energy line: ${JSON.stringify(line.slice(0, 200))}` });
  }
}

function numberOf(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

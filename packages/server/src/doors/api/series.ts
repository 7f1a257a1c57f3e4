/** Rows that are kept while reading: many more than are shown, so that thinning them out leaves no pattern. */
const keptPerPoint = 4;

const number = /^[+-]?(?:\d[\d.]*(?:e[+-]?\d+)?|nan|inf|infinity)$/i;

/**
 * Puts together the series that the attempts of a task left (`sdk/series.ts`), line by line, in bounded memory. Lines that are
 * neither a header nor a row of it are skipped: the log may have lost some.
 */
export class SeriesReader {
  readonly #most: number;
  readonly #columnsMost: number;
  #columns: readonly string[] = [];
  #rows: (readonly number[])[] = [];
  #every = 1;
  #seen = 0;
  /** The newest row, kept or not. */
  #last: readonly number[] | null = null;
  #fresh = false;

  constructor(points: number, columnsMost: number) {
    this.#most = points * keptPerPoint;
    this.#columnsMost = columnsMost;
  }

  line(text: string): void {
    if (text.startsWith('#')) this.#header(words(text.slice(1)));
    else this.#row(words(text));
  }

  /** Evenly thinned; first and last are always there. */
  read(points: number): { columns: readonly string[]; rows: (number | null)[][]; of: number } {
    const all = [...this.#rows];
    if (this.#last !== null && all.at(-1) !== this.#last) all.push(this.#last);
    const step = Math.max(1, (all.length - 1) / Math.max(1, points - 1));
    const rows: (number | null)[][] = [];
    for (let at = 0; at < all.length && rows.length < points; at = rows.length * step) {
      const row = all[Math.min(Math.round(at), all.length - 1)];
      if (row !== undefined) rows.push(row.map((value) => (Number.isFinite(value) ? value : null)));
    }
    return { columns: this.#columns, rows, of: this.#seen };
  }

  #header(columns: readonly string[]): void {
    if (columns.length === 0 || columns.length > this.#columnsMost) return;
    // Other numbers than before: those cannot be shown beside them.
    if (columns.join(' ') !== this.#columns.join(' ')) {
      this.#rows = [];
      this.#last = null;
      this.#seen = 0;
      this.#every = 1;
    }
    this.#columns = columns;
    this.#fresh = true;
  }

  #row(texts: readonly string[]): void {
    if (texts.length === 0 || texts.length !== this.#columns.length || !texts.every((text) => number.test(text))) return;
    const row = texts.map(toNumber);
    if (this.#fresh) this.#goBackTo(row[0] ?? 0);
    this.#fresh = false;
    this.#last = row;
    if (this.#seen % this.#every === 0) this.#rows.push(row);
    this.#seen += 1;
    if (this.#rows.length <= this.#most) return;
    this.#rows = this.#rows.filter((_, i) => i % 2 === 0);
    this.#every *= 2;
  }

  /** A later attempt begins here: what an earlier one did from here on has been done again. */
  #goBackTo(first: number): void {
    const before = this.#rows.length;
    while ((this.#rows.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY) >= first) this.#rows.pop();
    if (this.#rows.length < before) this.#seen = this.#rows.length * this.#every;
    this.#last = this.#rows.at(-1) ?? null;
  }
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

function toNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

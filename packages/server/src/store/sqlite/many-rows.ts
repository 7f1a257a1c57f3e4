import { type Cell, type Connection, marks, type Statement } from './database.ts';

/** Rows a statement, widest first. */
const widths = [32, 8, 1] as const;

/** Inserts rows that were gathered over a batch with as few statements as may be. */
export class ManyRows {
  readonly #statements: readonly { readonly width: number; readonly statement: Statement }[];
  readonly #columns: number;
  #cells: Cell[] = [];

  constructor(connection: Connection, table: string, columns: readonly string[]) {
    this.#columns = columns.length;
    const row = `(${marks(columns.length)})`;
    this.#statements = widths.map((width) => ({
      width,
      statement: connection.prepare(`INSERT INTO ${table} (${columns}) VALUES ${Array.from({ length: width }, () => row)}`),
    }));
  }

  /** As many cells as the table has columns here. */
  add(...cells: Cell[]): void {
    for (const cell of cells) this.#cells.push(cell);
  }

  flush(): void {
    let at = 0;
    for (const { width, statement } of this.#statements) {
      const step = width * this.#columns;
      for (; this.#cells.length - at >= step; at += step) statement.run(...this.#cells.slice(at, at + step));
    }
    this.#cells = [];
  }

  forget(): void {
    this.#cells = [];
  }
}

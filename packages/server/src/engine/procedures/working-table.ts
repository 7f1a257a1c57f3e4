/** A row as it was read, as it is now, and whether it must be written. */
export interface WorkingRow<T> {
  row: T;
  readonly was: T;
  dirty: boolean;
  fresh: boolean;
}

/** Rows of one kind in the hands of a procedure. What is read a second time does not undo what was changed since. */
export class WorkingTable<K, T> {
  readonly #rows = new Map<K, WorkingRow<T>>();
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  load(key: K, row: T): void {
    if (!this.#rows.has(key)) this.#rows.set(key, { row, was: row, dirty: false, fresh: false });
  }

  /** A procedure that uses what it has not read is a bug. */
  get(key: K): T {
    const found = this.#rows.get(key);
    if (found === undefined) throw new Error(`procedure used ${this.#what} ${String(key)} without reading it`);
    return found.row;
  }

  maybe(key: K): T | null {
    return this.#rows.get(key)?.row ?? null;
  }

  put(key: K, row: T, fresh: boolean): void {
    const known = this.#rows.get(key);
    if (known === undefined) {
      this.#rows.set(key, { row, was: row, dirty: true, fresh });
      return;
    }
    known.row = row;
    known.dirty = true;
    if (fresh) known.fresh = true;
  }

  delete(key: K): void {
    this.#rows.delete(key);
  }

  all(): Iterable<WorkingRow<T>> {
    return this.#rows.values();
  }
}

/** The statements of one table, as the cache needs them. */
export interface Table<K, R> {
  keyOf(row: R): K;
  load(key: K): R | null;
  insert(row: R): void;
  /** `base`: the row as it stands in the table, where known: what did not change need not be written. */
  update(row: R, base: R | null): void;
  remove(key: K): void;
}

/**
 * Rows by key, written back: a row that many commands of one batch rewrite is written once, at `flush`. What is read stays
 * for later batches, because this connection is the only writer. Two generations bound the memory: when the younger one is
 * full it becomes the older one, and what was not used meanwhile is forgotten.
 */
export class RowCache<K, R> {
  readonly #table: Table<K, R>;
  readonly #keep: number;
  #young = new Map<K, R>();
  #old = new Map<K, R>();
  /** Not yet written, with the row as it stands in the table. */
  readonly #dirty = new Map<K, Base<R>>();

  constructor(table: Table<K, R>, keep: number) {
    this.#table = table;
    this.#keep = keep;
  }

  get(key: K): R | null {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const row = this.#old.get(key) ?? this.#table.load(key);
    if (row !== null) this.#young.set(key, row);
    return row;
  }

  /** Only what is in memory already. */
  peek(key: K): R | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  list(keys: readonly K[]): R[] {
    const rows: R[] = [];
    for (const key of keys) {
      const row = this.get(key);
      if (row !== null) rows.push(row);
    }
    return rows;
  }

  put(row: R, fresh: boolean): void {
    const key = this.#table.keyOf(row);
    if (!this.#dirty.has(key)) this.#dirty.set(key, fresh ? isNew : { row: this.peek(key) ?? null });
    else if (fresh) throw new Error(`a fresh row for ${String(key)}, which was written before in this batch`);
    this.#young.set(key, row);
  }

  /** Takes a row read by a search, unless a newer one is here. */
  keep(row: R): R {
    const key = this.#table.keyOf(row);
    const known = this.peek(key);
    if (known !== undefined) return known;
    this.#young.set(key, row);
    return row;
  }

  remove(key: K): void {
    const base = this.#dirty.get(key);
    this.#dirty.delete(key);
    this.#young.delete(key);
    this.#old.delete(key);
    if (base !== isNew) this.#table.remove(key);
  }

  flush(): void {
    if (this.#dirty.size === 0) return;
    for (const [key, base] of this.#dirty) {
      // Dirty rows are always in memory: generations turn only in `settle`, after a flush.
      const row = this.peek(key) as R;
      if (base === isNew) this.#table.insert(row);
      else this.#table.update(row, base.row);
    }
    this.#dirty.clear();
  }

  /** After a commit: lets go of what has not been used for long. */
  settle(): void {
    if (this.#young.size <= this.#keep) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** After a rollback: nothing in memory is known to be true. */
  forget(): void {
    this.#dirty.clear();
    this.#young.clear();
    this.#old.clear();
  }
}

type Base<R> = typeof isNew | { readonly row: R | null };
const isNew = Symbol('new');

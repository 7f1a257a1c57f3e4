import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** What a column holds. */
export type Cell = number | string | Uint8Array | null;
/** One row in column order. */
export type Cells = readonly Cell[];

/**
 * A prepared statement. A limit must be written `LIMIT +?`: SQLite 3.53 plans by the value of a bare `LIMIT ?` and so prepares
 * the statement anew at every execution (6 µs instead of 0.3; `sql-texts.test.ts` looks for it).
 * It gives rows as arrays: half the price of objects.
 */
export interface Statement {
  get(...parameters: Cell[]): Cells | undefined;
  all(...parameters: Cell[]): Cells[];
  run(...parameters: Cell[]): { readonly changes: number | bigint };
}

export type Durability = 'full' | 'normal';

export interface Connection {
  readonly db: DatabaseSync;
  prepare(sql: string): Statement;
  close(): void;
}

const synchronous: Readonly<Record<Durability, number>> = { full: 2, normal: 1 };

/** How long a connection waits for another one's lock; only a foreign tool on the same file can hold one. */
const busyMs = 5_000;
const writerCacheKiB = 65_536;
const readerCacheKiB = 32_768;
/** WAL pages between checkpoints: 16 MiB. A checkpoint flushes the database file, so it should be rare. */
const checkpointPages = 4_000;

export function openWriter(file: string, durability: Durability): Connection {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: busyMs });
  // Nobody else reads what others have submitted; the files beside it get the same mode.
  if (file !== ':memory:' && file !== '') chmodSync(file, 0o600);
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${synchronous[durability]};
    PRAGMA cache_size = -${writerCacheKiB};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
  `);
  return connection(db);
}

/**
 * Never writes, sees only what is committed. `synchronous` is set all the same: it is said of every connection. No memory
 * mapping: a failing disk must be an error, not a signal that ends the process.
 */
export function openReader(file: string, durability: Durability): Connection {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: busyMs, readOnly: true });
  db.exec(`
    PRAGMA synchronous = ${synchronous[durability]};
    PRAGMA cache_size = -${readerCacheKiB};
    PRAGMA temp_store = MEMORY;
  `);
  return connection(db);
}

function connection(db: DatabaseSync): Connection {
  return {
    db,
    prepare(sql) {
      const statement = db.prepare(sql);
      statement.setReturnArrays(true);
      // The types of node:sqlite do not follow `setReturnArrays`.
      return statement as unknown as Statement;
    },
    close() {
      if (db.isOpen) db.close();
    },
  };
}

/** `?, ?, ?` */
export const marks = (n: number): string => Array.from({ length: n }, () => '?').join(', ');

/** The number in a one-cell row. */
export function numberOf(row: Cells | undefined): number {
  return (row?.[0] ?? 0) as number;
}

/** 2 is FULL: the flush is part of every commit. */
export function synchronousOf(connection: Connection): number {
  return numberOf(connection.prepare('PRAGMA synchronous').get());
}

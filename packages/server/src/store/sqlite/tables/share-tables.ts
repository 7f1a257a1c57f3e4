import type { Reservation } from '../../../domain/backfill.ts';
import type { Rate } from '../../../domain/rate.ts';
import type { Share } from '../../../domain/share.ts';
import type { Connection } from '../database.ts';
import type { Table } from '../row-cache.ts';

/** Put without saying whether they are new: one statement does both. */
export function shareTable(connection: Connection): Table<string, Share> {
  const load = connection.prepare('SELECT key, served, running, started FROM share WHERE key = ?');
  const write = connection.prepare('INSERT OR REPLACE INTO share (key, served, running, started) VALUES (?, ?, ?, ?)');
  const remove = connection.prepare('DELETE FROM share WHERE key = ?');
  const put = ({ key, served, running, started }: Share): void => void write.run(key, served, running, started);
  return {
    keyOf: (share) => share.key,
    load(key) {
      const cells = load.get(key);
      if (cells === undefined) return null;
      return { key, served: cells[1] as number, running: cells[2] as number, started: cells[3] as number };
    },
    insert: put,
    update: put,
    remove: (key) => void remove.run(key),
  };
}

export function rateTable(connection: Connection): Table<string, Rate> {
  const load = connection.prepare('SELECT starts FROM rate WHERE key = ?');
  const write = connection.prepare('INSERT OR REPLACE INTO rate (key, starts, free_at) VALUES (?, ?, ?)');
  const remove = connection.prepare('DELETE FROM rate WHERE key = ?');
  const put = ({ key, starts, offered, perMs, freeAt }: Rate): void =>
    void write.run(key, JSON.stringify([perMs, offered, ...starts]), freeAt);
  return {
    keyOf: (rate) => rate.key,
    load(key) {
      const cells = load.get(key);
      if (cells === undefined) return null;
      const [perMs = 0, offered = 0, ...starts] = JSON.parse(cells[0] as string) as number[];
      return { key, perMs, offered, starts, freeAt: null };
    },
    insert: put,
    update: put,
    remove: (key) => void remove.run(key),
  };
}

/** Few, read with every claim: kept in memory as a whole. */
export function reservationTable(connection: Connection) {
  const all = connection.prepare('SELECT row FROM reservation ORDER BY worker');
  const write = connection.prepare('INSERT OR REPLACE INTO reservation (worker, row) VALUES (?, ?)');
  const drop = connection.prepare('DELETE FROM reservation WHERE worker = ?');
  let rows: Map<number, Reservation> | null = null;
  const known = (): Map<number, Reservation> => {
    rows ??= new Map(
      all
        .all()
        .map(([text]) => JSON.parse(text as string) as Reservation)
        .map((row) => [row.worker, row]),
    );
    return rows;
  };
  return {
    list: (): Reservation[] => [...known().values()],
    put(row: Reservation): void {
      write.run(row.worker, JSON.stringify(row));
      known().set(row.worker, row);
    },
    drop(worker: number): void {
      if (known().delete(worker)) drop.run(worker);
    },
    forget(): void {
      rows = null;
    },
  };
}

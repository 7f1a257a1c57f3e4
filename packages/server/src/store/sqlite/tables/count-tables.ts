import type { Pool, Tally } from '../../../domain/rows.ts';
import { countsOf, countsText } from '../codec/counts.ts';
import type { Cells, Connection } from '../database.ts';
import type { Table } from '../row-cache.ts';

export const poolColumns = 'name, total, used';
export const tallyColumns = 'kind, counts, finished_runs, finished_seconds';

export const decodePool = (cells: Cells): Pool => ({
  name: cells[0] as string,
  total: cells[1] as number,
  used: cells[2] as number,
});

export const decodeTally = (cells: Cells): Tally => ({
  kind: cells[0] as string,
  counts: countsOf(cells[1] as string),
  finishedRuns: cells[2] as number,
  finishedSeconds: cells[3] as number,
});

/** Pools and tallies are put without saying whether they are new: one statement does both. */
export function poolTable(connection: Connection): Table<string, Pool> {
  const load = connection.prepare(`SELECT ${poolColumns} FROM pool WHERE name = ?`);
  const write = connection.prepare(`INSERT OR REPLACE INTO pool (${poolColumns}) VALUES (?, ?, ?)`);
  const remove = connection.prepare('DELETE FROM pool WHERE name = ?');
  const put = (pool: Pool): void => void write.run(pool.name, pool.total, pool.used);
  return {
    keyOf: (pool) => pool.name,
    load(name) {
      const cells = load.get(name);
      return cells === undefined ? null : decodePool(cells);
    },
    insert: put,
    update: put,
    remove: (name) => void remove.run(name),
  };
}

export function tallyTable(connection: Connection): Table<string, Tally> {
  const load = connection.prepare(`SELECT ${tallyColumns} FROM tally WHERE kind = ?`);
  const write = connection.prepare(`INSERT OR REPLACE INTO tally (${tallyColumns}) VALUES (?, ?, ?, ?)`);
  const remove = connection.prepare('DELETE FROM tally WHERE kind = ?');
  const put = (tally: Tally): void =>
    void write.run(tally.kind, countsText(tally.counts), tally.finishedRuns, tally.finishedSeconds);
  return {
    keyOf: (tally) => tally.kind,
    load(kind) {
      const cells = load.get(kind);
      return cells === undefined ? null : decodeTally(cells);
    },
    insert: put,
    update: put,
    remove: (kind) => void remove.run(kind),
  };
}

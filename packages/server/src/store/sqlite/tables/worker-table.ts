import type { WorkerId } from '../../../domain/ids.ts';
import type { Worker } from '../../../domain/worker.ts';
import { decodeWorker, encodeWorker, workerColumns } from '../codec/worker.ts';
import { workerStatus } from '../codes.ts';
import { type Connection, marks } from '../database.ts';
import type { Table } from '../row-cache.ts';
import { changedOne } from './one-row.ts';

export function workerTable(connection: Connection): Table<WorkerId, Worker> {
  const load = connection.prepare(`SELECT ${workerColumns} FROM worker WHERE id = ?`);
  const insert = connection.prepare(`INSERT INTO worker (${workerColumns}) VALUES (${marks(workerColumns.length)})`);
  const [, ...others] = workerColumns;
  const all = connection.prepare(`UPDATE worker SET ${others.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`);
  const busy = connection.prepare('UPDATE worker SET holding = ?, picky = ?, used = ?, seen_at = ? WHERE id = ?');
  const remove = connection.prepare('DELETE FROM worker WHERE id = ?');
  return {
    keyOf: (worker) => worker.id,
    load(id) {
      const cells = load.get(id);
      return cells === undefined ? null : decodeWorker(cells);
    },
    insert(worker) {
      insert.run(...encodeWorker(worker));
    },
    update(worker, base) {
      const what = `worker ${worker.id}`;
      if (base !== null && onlyBusier(worker, base)) {
        const { holding, picky, used, seenAt, id } = worker;
        changedOne(busy.run(holding, picky ? 1 : 0, JSON.stringify(used), seenAt, id), what);
      } else {
        const [id, ...rest] = encodeWorker(worker);
        changedOne(all.run(...rest, id ?? null), what);
      }
    },
    remove(id) {
      remove.run(id);
    },
  };
}

/** What every claim and end changes, and nothing else. Parts that are objects are shared by copies of the row. */
function onlyBusier(worker: Worker, base: Worker): boolean {
  return (
    worker.status === base.status &&
    worker.mode === base.mode &&
    worker.session === base.session &&
    worker.info === base.info &&
    worker.reported === base.reported &&
    worker.wanted === base.wanted &&
    worker.gate === base.gate &&
    worker.total === base.total &&
    worker.profile === base.profile &&
    worker.kinds === base.kinds &&
    worker.tags === base.tags &&
    worker.name === base.name &&
    worker.key === base.key &&
    worker.owner === base.owner &&
    worker.createdAt === base.createdAt
  );
}

export const offline = workerStatus.code.offline;

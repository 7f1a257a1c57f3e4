import type { ClassId, WorkerId } from '../../../domain/ids.ts';
import type { InternedClass, Pool, Tally } from '../../../domain/rows.ts';
import type { Worker } from '../../../domain/worker.ts';
import { readClass } from '../classes.ts';
import { decodeWorker, workerColumns } from '../codec/worker.ts';
import type { Connection } from '../database.ts';
import { readyClassesSql } from '../live-classes.ts';
import { decodePool, decodeTally, poolColumns, tallyColumns } from '../tables/count-tables.ts';

/** Remembered at most. */
const mostClasses = 10_000;

export function fleetQueries(connection: Connection) {
  const workers = connection.prepare(`SELECT ${workerColumns} FROM worker ORDER BY id`);
  const worker = connection.prepare(`SELECT ${workerColumns} FROM worker WHERE id = ?`);
  const pools = connection.prepare(`SELECT ${poolColumns} FROM pool ORDER BY name`);
  const tallies = connection.prepare(`SELECT ${tallyColumns} FROM tally ORDER BY kind`);
  const classOf = connection.prepare('SELECT id, spec FROM class WHERE id = ?');
  const live = connection.prepare(readyClassesSql);

  /** A class never changes and never goes. */
  const known = new Map<ClassId, InternedClass>();

  function oneClass(id: ClassId): InternedClass | null {
    const kept = known.get(id);
    if (kept !== undefined) return kept;
    const cells = classOf.get(id);
    if (cells === undefined) return null;
    if (known.size >= mostClasses) known.clear();
    const read = readClass(cells);
    known.set(id, read);
    return read;
  }

  function classes(ids: readonly ClassId[]): InternedClass[] {
    return [...new Set(ids)].sort((a, b) => a - b).flatMap((id) => oneClass(id) ?? []);
  }
  return {
    workers: async (): Promise<Worker[]> => workers.all().map(decodeWorker),
    async worker(id: WorkerId): Promise<Worker | null> {
      const cells = worker.get(id);
      return cells === undefined ? null : decodeWorker(cells);
    },
    pools: async (): Promise<Pool[]> => pools.all().map(decodePool),
    tallies: async (): Promise<Tally[]> => tallies.all().map(decodeTally),
    classes: async (ids: readonly ClassId[]) => classes(ids),
    liveClasses: async () => classes(live.all().map(([id]) => id as ClassId)),
  };
}

import type { ClassId, TaskId, WorkerId } from '../../../domain/ids.ts';
import type { Block, Exclusion, InternedClass, Pool, Tally } from '../../../domain/rows.ts';
import type { Task } from '../../../domain/task.ts';
import type { Worker } from '../../../domain/worker.ts';
import type { Reads } from '../../../ports/store.ts';
import { readClass } from '../classes.ts';
import { decodeTask, taskColumns } from '../codec/task.ts';
import { decodeWorker, workerColumns } from '../codec/worker.ts';
import { type Connection, numberOf } from '../database.ts';
import { readyClassesSql } from '../live-classes.ts';
import { decodePool, decodeTally, poolColumns, tallyColumns } from '../tables/count-tables.ts';
import { blocksOfJobSql, blocksOfWorkerSql, decodeBlock, decodeExclusion, exclusionsOfTaskSql } from '../tables/small-tables.ts';
import { turn } from './slices.ts';

/** Remembered at most. */
const mostClasses = 10_000;

/** Looked at together at most: whoever is beyond is looked at when these have moved. */
const mostTroubles = 1_000;

export function fleetQueries(connection: Connection) {
  const blocksOfWorker = connection.prepare(blocksOfWorkerSql);
  const blocksOfJob = connection.prepare(blocksOfJobSql);
  const exclusions = connection.prepare(exclusionsOfTaskSql);
  const failed = connection.prepare(
    `SELECT ${taskColumns} FROM task WHERE state = 1 AND id IN
     (SELECT task FROM exclusion INDEXED BY exclusion_failed WHERE why = 'failed' AND until IS NULL) ORDER BY id LIMIT ${mostTroubles}`,
  );
  const firstOf = connection.prepare(
    `SELECT ${taskColumns} FROM task INDEXED BY task_ready WHERE class = ? AND state = 1 AND failures = 0 ORDER BY job_rank, rank, job, id LIMIT 1`,
  );
  const workers = connection.prepare(`SELECT ${workerColumns} FROM worker ORDER BY id`);
  const worker = connection.prepare(`SELECT ${workerColumns} FROM worker WHERE id = ?`);
  const pools = connection.prepare(`SELECT ${poolColumns} FROM pool ORDER BY name`);
  const tallies = connection.prepare(`SELECT ${tallyColumns} FROM tally ORDER BY kind`);
  const classOf = connection.prepare('SELECT id, spec FROM class WHERE id = ?');
  const live = connection.prepare(readyClassesSql);
  const readyTasks = connection.prepare(
    'SELECT count(*) FROM (SELECT 1 FROM task INDEXED BY task_ready WHERE state = 1 AND class = ? LIMIT +?)',
  );
  // Rows of arrays that have something left: few.
  const readyIndices = connection.prepare(
    'SELECT total(size - next) FROM array INDEXED BY array_ready WHERE rest = 1 AND next < size AND class = ?',
  );

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
    async queue(most: number, each: number): Promise<{ class: InternedClass; ready: number }[]> {
      const lines: { class: InternedClass; ready: number }[] = [];
      for (const one of classes(live.all().map(([id]) => id as ClassId)).slice(0, most)) {
        const single = numberOf(readyTasks.get(one.id, each));
        const ready = Math.min(each, single + numberOf(readyIndices.get(one.id)));
        if (ready > 0) lines.push({ class: one, ready });
        await turn();
      }
      return lines;
    },
    blocks: async (of: Reads['blocks'][0]): Promise<Block[]> =>
      ('worker' in of ? blocksOfWorker.all(of.worker, of.now) : blocksOfJob.all(of.job, of.now)).map(decodeBlock),
    exclusions: async (task: TaskId): Promise<Exclusion[]> => exclusions.all(task).map(decodeExclusion),
    async troubles(): Promise<Task[]> {
      const own = classes(live.all().map(([id]) => id as ClassId)).filter(({ spec }) => spec.blockJob !== null);
      const found = [...failed.all(), ...own.flatMap(({ id }) => firstOf.all(id))].map((cells) => decodeTask(cells));
      return [...new Map(found.map((task) => [task.id, task])).values()];
    },
  };
}

import type { ClassId, JobId, TaskId } from '../../domain/ids.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Head, Reads } from '../../ports/store.ts';
import type { BlockedJobs } from './blocked-jobs.ts';
import type { Cells, Connection, Statement } from './database.ts';
import type { LiveClasses } from './live-classes.ts';
import type { RowCache } from './row-cache.ts';

/** A worker that refused or failed many tasks looks past at most so many of a class in one claim. */
const mostSkipped = 256;
const page = 32;

/** Where something stands in the ready index: job rank, rank, job, id. */
type Place = readonly [jobRank: number, rank: number, job: JobId, id: TaskId];
type Asked = Reads['heads'][0];

interface ReadyIndex {
  readonly first: Statement;
  readonly afterJob: Statement;
  readonly afterRow: Statement;
}

function readyIndex(connection: Connection, table: 'task' | 'array', ready: string): ReadyIndex {
  // An array counts with the id of its next index; blocks of ids never overlap, so the order stays.
  const select = `SELECT job_rank, rank, job, id FROM ${table} INDEXED BY ${table}_ready WHERE ${ready} AND class = ?`;
  const order = 'ORDER BY job_rank, rank, job, id LIMIT ?';
  return {
    first: connection.prepare(`${select} ${order}`),
    afterJob: connection.prepare(`${select} AND (job_rank, rank, job) > (?, ?, ?) ${order}`),
    afterRow: connection.prepare(`${select} AND (job_rank, rank, job, id) > (?, ?, ?, ?) ${order}`),
  };
}

export interface HeadSources {
  readonly tasks: RowCache<TaskId, Task>;
  readonly arrays: RowCache<TaskId, TaskArray>;
  readonly live: LiveClasses;
  readonly blocked: BlockedJobs;
}

/** The best claimable entries per class, from the ready indexes. What is in memory only must be flushed before. */
export class Heads {
  readonly #taskIndex: ReadyIndex;
  readonly #arrayIndex: ReadyIndex;
  readonly #excluded: Statement;
  readonly #from: HeadSources;

  constructor(connection: Connection, from: HeadSources) {
    this.#taskIndex = readyIndex(connection, 'task', 'state = 1');
    this.#arrayIndex = readyIndex(connection, 'array', 'rest = 1 AND next < size');
    this.#excluded = connection.prepare(
      'SELECT 1 FROM exclusion WHERE worker = ? AND task = ? AND (session IS NULL OR session = ?) AND (until IS NULL OR until > ?)',
    );
    this.#from = from;
  }

  find(asked: Asked): Head[] {
    const heads: Head[] = [];
    for (const id of asked.classes) {
      if (this.#from.live.has(id)) this.#findIn(id, asked, heads);
    }
    return heads;
  }

  #findIn(id: ClassId, asked: Asked, heads: Head[]): void {
    const tasks = this.#scan(this.#taskIndex, id, asked, asked.picky);
    // An array in front hides others of its class only up to the depth; its own indices are virtual and exclude nobody.
    const arrays = this.#scan(this.#arrayIndex, id, asked, false);
    if (tasks.length === 0 && arrays.length === 0) {
      if (this.#isEmpty(id)) this.#from.live.drop(id);
      return;
    }
    for (let t = 0, a = 0, n = 0; n < asked.depth && (t < tasks.length || a < arrays.length); n += 1) {
      const taskAt = tasks[t];
      const arrayAt = arrays[a];
      if (arrayAt === undefined || (taskAt !== undefined && comesBefore(taskAt, arrayAt))) {
        t += 1;
        const task = taskAt && this.#from.tasks.get(taskAt[3]);
        if (task) heads.push({ class: id, task });
      } else {
        a += 1;
        const array = this.#from.arrays.get(arrayAt[3]);
        if (array) heads.push({ class: id, array });
      }
    }
  }

  #scan(index: ReadyIndex, id: ClassId, asked: Asked, picky: boolean): Place[] {
    const limit = picky ? Math.max(page, asked.depth) : asked.depth;
    const found: Place[] = [];
    let skipped = 0;
    let rows = index.first.all(id, limit);
    while (rows.length > 0) {
      let next: Cells[] | null = null;
      for (const row of rows) {
        const place = row as unknown as Place;
        const [jobRank, rank, job, task] = place;
        if (this.#from.blocked.has(job)) {
          next = index.afterJob.all(id, jobRank, rank, job, limit);
          break;
        }
        if (picky && this.#isExcluded(task, asked)) {
          skipped += 1;
          if (skipped >= mostSkipped) return found;
        } else {
          found.push(place);
          if (found.length >= asked.depth) return found;
        }
      }
      if (next === null) {
        const last = rows.length < limit ? undefined : (rows.at(-1) as unknown as Place | undefined);
        next = last === undefined ? [] : index.afterRow.all(id, ...last, limit);
      }
      rows = next;
    }
    return found;
  }

  #isExcluded(task: TaskId, asked: Asked): boolean {
    return this.#excluded.get(asked.worker, task, asked.session, asked.now) !== undefined;
  }

  #isEmpty(id: ClassId): boolean {
    return this.#taskIndex.first.get(id, 1) === undefined && this.#arrayIndex.first.get(id, 1) === undefined;
  }
}

function comesBefore(a: Place, b: Place): boolean {
  for (let at = 0; at < 4; at += 1) {
    const left = a[at] as number;
    const right = b[at] as number;
    if (left !== right) return left < right;
  }
  return false;
}

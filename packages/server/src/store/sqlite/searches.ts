import { type Counts, moved, noCounts } from '../../domain/counts.ts';
import type { ClassId, JobId, SessionNumber, TaskId, WorkerId } from '../../domain/ids.ts';
import type { Job, JobState } from '../../domain/job.ts';
import { type Amounts, nothing, plus } from '../../domain/needs.ts';
import { type Task, type TaskArray, type TaskStateName, taskStates } from '../../domain/task.ts';
import type { Worker } from '../../domain/worker.ts';
import type { Reads } from '../../ports/store.ts';
import { arrayColumns, decodeArray } from './codec/array.ts';
import { countsText } from './codec/counts.ts';
import { decodeJob, jobColumns } from './codec/job.ts';
import { decodeTask, taskColumns } from './codec/task.ts';
import { jobState, taskState } from './codes.ts';
import type { Cells, Connection, Statement } from './database.ts';
import type { RowCache } from './row-cache.ts';
import type { Rows } from './rows.ts';

/** What one worker may hold, as far as anybody adds it up. */
const mostHeld = 10_000;

/** Every state's bit. */
const allStates = 2 ** taskStates.length - 1;

/** A set of states as a number with a bit for each code: one statement serves every filter. */
export function stateMask(states: readonly TaskStateName[] | null): number {
  if (states === null) return allStates;
  let mask = 0;
  for (const state of states) mask |= 1 << taskState.code[state];
  return mask;
}

/** Reads by something other than the id: they see the tables, so what is only in memory is flushed first. */
export function searches(rows: Rows) {
  const { connection, tasks, arrays, jobs, workers, sessions } = rows;
  const task = (where: string): Statement => connection.prepare(`SELECT ${taskColumns} FROM task ${where}`);
  const array = (where: string): Statement => connection.prepare(`SELECT ${arrayColumns} FROM array ${where}`);

  const held = task(
    `INDEXED BY task_held WHERE worker = ?1 AND id > ?3 AND state BETWEEN 2 AND 5 AND (?2 IS NULL OR session = ?2)
     ORDER BY id LIMIT +?4`,
  );
  const heldByAny = task(
    `WHERE id IN (SELECT id FROM task INDEXED BY task_held WHERE state BETWEEN 2 AND 5 AND id > ?2 AND (?1 IS NULL OR session = ?1)
     ORDER BY id LIMIT +?3) ORDER BY id`,
  );
  const ofJob = task('INDEXED BY task_job WHERE job = ? AND id > ? AND ((1 << state) & ?) <> 0 ORDER BY id LIMIT +?');
  const due = task(
    `INDEXED BY task_due WHERE state = 0 AND not_before IS NOT NULL AND not_before <= ? ORDER BY not_before LIMIT +?`,
  );
  const offers = task(
    `INDEXED BY task_offer WHERE state = 2 AND deadline IS NOT NULL AND deadline <= ? ORDER BY deadline LIMIT +?`,
  );
  const jobsDue = connection.prepare(
    `SELECT ${jobColumns} FROM job INDEXED BY job_deadline
     WHERE deadline IS NOT NULL AND state < 4 AND intent < 3 AND deadline <= ? ORDER BY deadline LIMIT +?`,
  );
  const arrayAt = array('WHERE id <= ? ORDER BY id DESC LIMIT 1');
  const arraysOf = array('WHERE job = ? ORDER BY id');
  const arraysDue = array(
    `INDEXED BY array_due WHERE rest = 0 AND not_before IS NOT NULL AND not_before <= ? ORDER BY not_before LIMIT +?`,
  );
  const classIds = connection.prepare('SELECT class FROM task WHERE job = ?1 UNION SELECT class FROM array WHERE job = ?1');
  const workerByKey = connection.prepare('SELECT id FROM worker WHERE key = ?');
  const workerBySession = connection.prepare('SELECT id FROM worker WHERE session = ?');
  const everyWorker = connection.prepare('SELECT id FROM worker ORDER BY id');
  const troubled = connection.prepare(
    `SELECT job FROM block UNION SELECT job FROM task WHERE id IN
     (SELECT task FROM exclusion INDEXED BY exclusion_failed WHERE why = 'failed' AND until IS NULL) ORDER BY job LIMIT +?`,
  );
  const ended = endedJobs(connection);

  const keptTasks = (cells: readonly Cells[]): Task[] => kept(tasks, cells, decodeTask);
  const keptArrays = (cells: readonly Cells[]): TaskArray[] => kept(arrays, cells, decodeArray);

  return {
    heldBy({ worker, session, after, limit }: Reads['heldBy'][0]): Task[] {
      tasks.flush();
      return keptTasks(worker === null ? heldByAny.all(session, after, limit) : held.all(worker, session, after, limit));
    },
    begunSince({ worker, since }: Reads['begunSince'][0]): Amounts {
      tasks.flush();
      const begun = keptTasks(held.all(worker, null, 0, mostHeld)).filter(
        ({ state, startedAt }) => state.state !== 'offered' && startedAt !== null && startedAt >= since,
      );
      let sum = nothing;
      for (const task of begun) sum = plus(sum, rows.classes.get(task.class)?.spec.amounts ?? nothing);
      return sum;
    },
    tasksOf({ job, after, states, limit }: Reads['tasksOf'][0]): Task[] {
      tasks.flush();
      return keptTasks(ofJob.all(job, after, stateMask(states), limit));
    },
    arrayAt(id: TaskId): TaskArray | null {
      const row = tasks.peek(id);
      if (row !== undefined) return row.array === null ? null : arrays.get(row.array);
      arrays.flush();
      const [found] = keptArrays(arrayAt.all(id));
      return found !== undefined && id < found.id + found.size ? found : null;
    },
    arraysOf(job: JobId): TaskArray[] {
      arrays.flush();
      return keptArrays(arraysOf.all(job));
    },
    due({ now, limit }: Reads['due'][0]): Reads['due'][1] {
      tasks.flush();
      arrays.flush();
      jobs.flush();
      return {
        jobs: kept(jobs, jobsDue.all(now, limit), decodeJob).sort(byId),
        tasks: keptTasks(due.all(now, limit)).sort(byId),
        arrays: keptArrays(arraysDue.all(now, limit)).sort(byId),
        offers: keptTasks(offers.all(now, limit)).sort(byId),
      };
    },
    workerByKey(key: string): Worker | null {
      workers.flush();
      const cells = workerByKey.get(key);
      return cells === undefined ? null : workers.get(cells[0] as WorkerId);
    },
    workerBySession(session: SessionNumber): Worker | null {
      const known = sessions.worker(session);
      if (known !== null) return known;
      workers.flush();
      const cells = workerBySession.get(session);
      return cells === undefined ? null : workers.get(cells[0] as WorkerId);
    },
    classIdsOf(job: JobId): ClassId[] {
      tasks.flush();
      arrays.flush();
      return classIds.all(job).map(([id]) => id as ClassId);
    },
    allWorkers(): Worker[] {
      workers.flush();
      return workers.list(everyWorker.all().map(([id]) => id as WorkerId));
    },
    troubledJobs({ limit }: Reads['troubledJobs'][0]): JobId[] {
      tasks.flush();
      return troubled.all(limit).map(([id]) => id as JobId);
    },
    endedJobs(asked: Reads['endedJobs'][0]): Job[] {
      jobs.flush();
      return kept(jobs, ended(asked), decodeJob);
    },
  };
}

const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;

/** Rows of a search; decoded only where memory does not have them. All tables here have their id first. */
function kept<R>(cache: RowCache<number, R>, found: readonly Cells[], decode: (cells: Cells) => R): R[] {
  return found.map((cells) => cache.peek(cells[0] as number) ?? cache.keep(decode(cells)));
}

/** The counters of a job of exactly one task, as they stand in the table. */
const oneTaskCounts = taskStates.map((state) => countsText(moved(noCounts as Counts, null, state)));
const oneTask = `counts IN (${oneTaskCounts.map((text) => `'${text}'`).join(', ')})`;

/** Ended jobs, oldest first, merged over states and kinds: each has its own run in the index. */
function endedJobs(connection: Connection): (asked: Reads['endedJobs'][0]) => Cells[] {
  const kindsOf = jobKinds(connection);
  const found = connection.prepare(
    `SELECT ${jobColumns} FROM job INDEXED BY job_state WHERE state = ?1 AND kind = ?2 AND intent <> 4 AND ended_at < ?3
     AND (?4 = 0 OR ${oneTask}) AND (?5 IS NULL OR owner = ?5) ORDER BY id LIMIT +?6`,
  );
  return ({ states, kinds, oneTask: one, endedBefore, owner, limit }) => {
    const all: Cells[] = [];
    for (const state of new Set(states)) {
      const code = jobState.code[state];
      for (const kind of kinds ?? kindsOf(state)) all.push(...found.all(code, kind, endedBefore, one ? 1 : 0, owner, limit));
    }
    return all.sort((a, b) => (a[0] as number) - (b[0] as number)).slice(0, limit);
  };
}

/** The kinds of the jobs in a state, by hopping through the index. */
export function jobKinds(connection: Connection): (state: JobState) => string[] {
  const kinds = connection.prepare(`
    WITH RECURSIVE k (kind) AS (
      SELECT min(kind) FROM job INDEXED BY job_state WHERE state = ?1
      UNION ALL
      SELECT (SELECT min(kind) FROM job INDEXED BY job_state WHERE state = ?1 AND kind > k.kind) FROM k WHERE k.kind IS NOT NULL
    )
    SELECT kind FROM k WHERE kind IS NOT NULL`);
  return (state) => kinds.all(jobState.code[state]).map(([kind]) => kind as string);
}

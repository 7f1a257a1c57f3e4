import type { TaskId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Write } from '../../ports/store.ts';
import type { Rows } from './rows.ts';
import { attemptKey } from './tables/attempt-table.ts';
import { packsOf } from './tables/item-table.ts';
import type { WakeNotes } from './wake-notes.ts';

/** Rows that one command may write (S7). */
export const mostRows = 2_000;

/** Counted as the procedure sees it: what hangs on a dropped task is not counted apart. */
export function rowsWritten(writes: readonly Write[]): number {
  let rows = 0;
  for (const write of writes) {
    if ('put' in write) rows += write.put === 'items' ? packsOf(write.items.length) : 1;
    else rows += write.drop === 'tasks' ? write.ids.length : 1;
  }
  return rows;
}

type Put<K extends string> = Extract<Write, { put: K }>;
type Drop<K extends string> = Extract<Write, { drop: K }>;
type Puts = { readonly [K in Put<string>['put']]: (rows: Rows, write: Put<K>, notes: WakeNotes) => void };
type Drops = { readonly [K in Drop<string>['drop']]: (rows: Rows, write: Drop<K>) => void };

const puts: Puts = {
  job: (rows, { row, fresh }) => putJob(rows, row, fresh),
  task: (rows, { row, fresh }, notes) => putTask(rows, row, fresh, notes),
  array: (rows, { row, fresh }, notes) => putArray(rows, row, fresh, notes),
  attempt: (rows, { row, fresh }) => rows.attempts.put(row, fresh),
  worker(rows, { row, fresh }) {
    rows.sessions.note(row);
    rows.workers.put(row, fresh);
  },
  body: (rows, { row }) => rows.bodies.put(row),
  items: (rows, { array, from, items }) => rows.items.put(array, from, items),
  pool(rows, { row }) {
    rows.poolNames.note(row.name);
    rows.pools.put(row, false);
  },
  tally: (rows, { row }) => rows.tallies.put(row, false),
  reservation: (rows, { row }) => rows.reservations.put(row),
  share: (rows, { row }) => rows.shares.put(row, false),
  rate(rows, { row }, notes) {
    if (row.freeAt !== null) notes.of({ due: [row.freeAt] });
    rows.rates.put(row, false);
  },
  edge: (rows, { row, fresh }) => rows.edges.put(row, fresh),
  exclusion: (rows, { row }) => rows.exclusions.put(row),
  block: (rows, { row }) => rows.blocks.put(row),
  fault: (rows, { row }) => rows.faults.put(row),
  sweep(rows, { row }, notes) {
    notes.ofSweep();
    rows.sweeps.put(row);
  },
  log: (rows, { row }) => rows.logs.put(row),
  checkpoint: (rows, { task, json }) => rows.checkpoints.put(task, json),
  idempotent: (rows, write) => rows.idempotent.put(write),
  audit(rows, { row: { at, by, name, command, subject, refusal } }) {
    rows.audit.add(rows.sequences.take('audit'), at, by, name, command, subject, refusal);
  },
};

const drops: Drops = {
  worker(rows, { id }) {
    rows.exclusions.drop({ worker: id });
    rows.blocks.drop(null, id, null);
    rows.faults.drop(null, id, null);
    rows.reservations.drop(id);
    rows.workers.remove(id);
  },
  pool(rows, { name }) {
    rows.poolNames.drop(name);
    rows.pools.remove(name);
  },
  sweep: (rows, { key }) => rows.sweeps.drop(key),
  tasks(rows, { ids }) {
    for (const id of ids) dropTask(rows, id);
  },
  array: (rows, { id }) => dropArray(rows, id),
  job: (rows, { id }) => dropJob(rows, id),
  exclusions: (rows, of) => rows.exclusions.drop(of),
  blocks: (rows, { job, worker, kind }) => rows.blocks.drop(job, worker, kind),
  reservation: (rows, { worker }) => rows.reservations.drop(worker),
  blocksOver: (rows, { now }) => rows.blocks.dropOver(now),
  faults: (rows, { job, worker, kind }) => rows.faults.drop(job, worker, kind),
};

/** Takes one write over into memory or the tables. A throw here undoes the command (see `Core`). */
export function applyWrite(rows: Rows, write: Write, notes: WakeNotes): void {
  // Name and row belong together by the type of the write; the compiler cannot follow that through the tables.
  if ('put' in write) (puts[write.put] as (rows: Rows, write: Write, notes: WakeNotes) => void)(rows, write, notes);
  else (drops[write.drop] as (rows: Rows, write: Write) => void)(rows, write);
}

function putJob(rows: Rows, job: Job, fresh: boolean): void {
  rows.jobs.put(job, fresh);
  rows.heads.noteJob(job);
  if (fresh) rows.bodies.use(job.spec, 1);
}

function putTask(rows: Rows, task: Task, fresh: boolean, notes: WakeNotes): void {
  rows.tasks.put(task, fresh);
  if (fresh && task.array === null) rows.bodies.use(task.body, 1);
  rows.heads.noteTask(task);
  notes.ofState(task.state, task.class);
}

function putArray(rows: Rows, array: TaskArray, fresh: boolean, notes: WakeNotes): void {
  rows.arrays.put(array, fresh);
  if (fresh) rows.bodies.use(array.body, 1);
  rows.heads.noteArray(array);
  if (array.next < array.size) notes.ofState(array.rest, array.class);
}

function dropTask(rows: Rows, id: TaskId): void {
  const task = rows.tasks.get(id);
  if (task === null) return;
  for (let number = task.attempt; number > 0; number -= 1) rows.attempts.remove(attemptKey(id, number));
  rows.logs.dropOf(id);
  rows.checkpoints.drop(id);
  rows.edges.dropAt('task', id);
  rows.exclusions.drop({ task: id });
  if (task.array === null) rows.bodies.use(task.body, -1);
  rows.heads.dropped('task', id);
  rows.tasks.remove(id);
}

function dropArray(rows: Rows, id: TaskId): void {
  const array = rows.arrays.get(id);
  if (array === null) return;
  rows.items.dropOf(id);
  rows.edges.dropAt('array', id);
  rows.bodies.use(array.body, -1);
  rows.heads.dropped('array', id);
  rows.arrays.remove(id);
}

function dropJob(rows: Rows, id: number): void {
  const job = rows.jobs.get(id);
  if (job === null) return;
  rows.edges.dropAt('job', id);
  rows.blocks.drop(id, null, null);
  rows.faults.drop(id, null, null);
  rows.bodies.use(job.spec, -1);
  rows.blocked.drop(id);
  rows.jobs.remove(id);
}

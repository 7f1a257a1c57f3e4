import type { TaskId } from '../../../domain/ids.ts';
import type { TaskArray } from '../../../domain/task.ts';
import { virtualTask } from '../../../domain/virtual-task.ts';
import type { ShownTask } from '../../../ports/store.ts';
import { arrayColumns, decodeArray } from '../codec/array.ts';
import { attemptColumns, decodeAttempt } from '../codec/attempt.ts';
import { decodeJob, jobColumns } from '../codec/job.ts';
import { decodeTask, taskColumns } from '../codec/task.ts';
import type { Cells, Connection } from '../database.ts';

const of = (alias: string, columns: readonly string[]): string => columns.map((name) => `${alias}.${name}`).join(', ');

const jobAt = taskColumns.length;
const attemptAt = jobAt + jobColumns.length;
const jobAfterArray = arrayColumns.length;

/** An array with its job, as a listing needs it. */
export interface ShownArray {
  readonly array: TaskArray;
  readonly job: ShownTask['job'];
}

export const shownArrayColumns = `${of('a', arrayColumns)}, ${of('j', jobColumns)}`;

export const decodeShownArray = (cells: Cells): ShownArray => ({
  array: decodeArray(cells),
  job: decodeJob(cells, jobAfterArray),
});

export const shownIndex = ({ array, job }: ShownArray, index: number): ShownTask => ({
  task: virtualTask(array, index),
  virtual: true,
  attempt: null,
  job,
});

/** One task with its latest attempt and its job: one statement, so all three are of one moment. */
export function shownTasks(connection: Connection) {
  const row = connection.prepare(
    `SELECT ${of('t', taskColumns)}, ${of('j', jobColumns)}, ${of('x', attemptColumns)}
     FROM task t JOIN job j ON j.id = t.job AND j.intent <> 4
     LEFT JOIN attempt x ON x.task = t.id AND x.number = t.attempt WHERE t.id = ?`,
  );
  const around = connection.prepare(
    `SELECT ${shownArrayColumns} FROM array a JOIN job j ON j.id = a.job AND j.intent <> 4
     WHERE a.id = (SELECT max(id) FROM array WHERE id <= ?)`,
  );

  function ofRow(id: TaskId): ShownTask | null {
    const cells = row.get(id);
    if (cells === undefined) return null;
    return {
      task: decodeTask(cells),
      virtual: false,
      attempt: cells[attemptAt] === null ? null : decodeAttempt(cells, attemptAt),
      job: decodeJob(cells, jobAt),
    };
  }

  /** Only indices that nobody has claimed: others have rows, or had one that is deleted. */
  function ofArray(id: TaskId): ShownTask | null {
    const cells = around.get(id);
    if (cells === undefined) return null;
    const found = decodeShownArray(cells);
    const index = id - found.array.id;
    return index >= found.array.next && index < found.array.size ? shownIndex(found, index) : null;
  }

  return { ofRow, one: (id: TaskId): ShownTask | null => ofRow(id) ?? ofArray(id) };
}

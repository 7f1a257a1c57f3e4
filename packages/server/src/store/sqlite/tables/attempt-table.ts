import type { Attempt } from '../../../domain/attempt.ts';
import type { AttemptNumber, TaskId } from '../../../domain/ids.ts';
import { attemptColumns, decodeAttempt, encodeAttempt } from '../codec/attempt.ts';
import { type Connection, marks } from '../database.ts';
import type { Table } from '../row-cache.ts';
import { changedOne } from './one-row.ts';

/** Numbers below this many share a task's span of keys: one number is a cheaper key than a text. */
const span = 2 ** 21;

export function attemptKey(task: TaskId, number: AttemptNumber): number {
  if (number >= span) throw new Error(`attempt ${number} of task ${task} is beyond ${span}`);
  return task * span + number;
}

export function attemptTable(connection: Connection): Table<number, Attempt> {
  const load = connection.prepare(`SELECT ${attemptColumns} FROM attempt WHERE task = ? AND number = ?`);
  const insert = connection.prepare(`INSERT INTO attempt (${attemptColumns}) VALUES (${marks(attemptColumns.length)})`);
  const [, , ...others] = attemptColumns;
  const all = connection.prepare(
    `UPDATE attempt SET ${others.map((name) => `${name} = ?`).join(', ')} WHERE task = ? AND number = ?`,
  );
  const remove = connection.prepare('DELETE FROM attempt WHERE task = ? AND number = ?');
  const taskOf = (key: number): number => Math.floor(key / span);
  return {
    keyOf: (attempt) => attemptKey(attempt.task, attempt.number),
    load(key) {
      const cells = load.get(taskOf(key), key % span);
      return cells === undefined ? null : decodeAttempt(cells);
    },
    insert(attempt) {
      insert.run(...encodeAttempt(attempt));
    },
    update(attempt) {
      const [task, number, ...rest] = encodeAttempt(attempt);
      changedOne(all.run(...rest, task ?? null, number ?? null), `attempt ${attempt.number} of task ${attempt.task}`);
    },
    remove(key) {
      remove.run(taskOf(key), key % span);
    },
  };
}

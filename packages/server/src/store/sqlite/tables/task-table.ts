import type { TaskId } from '../../../domain/ids.ts';
import type { Task } from '../../../domain/task.ts';
import { rankOf } from '../codec/json.ts';
import { decodeTask, encodeState, encodeTask, taskColumns } from '../codec/task.ts';
import { type Connection, marks } from '../database.ts';
import type { Table } from '../row-cache.ts';
import { changedOne } from './one-row.ts';

/** The states' columns, as `encodeState` gives them. */
const stateSets = 'state = ?, worker = ?, session = ?, deadline = ?, held = ?, not_before = ?, goal = ?, reason = ?, since = ?';

export function taskTable(connection: Connection): Table<TaskId, Task> {
  const load = connection.prepare(`SELECT ${taskColumns} FROM task WHERE id = ?`);
  const insert = connection.prepare(`INSERT INTO task (${taskColumns}) VALUES (${marks(taskColumns.length)})`);
  const [, ...others] = taskColumns;
  const all = connection.prepare(`UPDATE task SET ${others.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`);
  const moved = connection.prepare(
    `UPDATE task SET ${stateSets}, parents_left = ?, attempt = ?, failures = ?, losses = ?, started_at = ?, ended_at = ? WHERE id = ?`,
  );
  const remove = connection.prepare('DELETE FROM task WHERE id = ?');

  return {
    keyOf: (task) => task.id,
    load(id) {
      const cells = load.get(id);
      return cells === undefined ? null : decodeTask(cells);
    },
    insert(task) {
      insert.run(...encodeTask(task));
    },
    update(task, base) {
      if (base !== null && sameNature(task, base)) {
        const { parentsLeft, attempt, failures, losses, startedAt, endedAt, id } = task;
        const result = moved.run(...encodeState(task.state), parentsLeft, attempt, failures, losses, startedAt, endedAt, id);
        changedOne(result, `task ${id}`);
      } else {
        const [id, ...rest] = encodeTask(task);
        changedOne(all.run(...rest, id ?? null), `task ${task.id}`);
      }
    },
    remove(id) {
      remove.run(id);
    },
  };
}

/** Everything but what moves in a task's life is the same; the policy is one object shared by all copies of the row. */
function sameNature(task: Task, base: Task): boolean {
  return (
    task.policy === base.policy &&
    task.class === base.class &&
    rankOf(task.jobPriority) === rankOf(base.jobPriority) &&
    task.priority === base.priority &&
    task.body === base.body &&
    task.job === base.job &&
    task.array === base.array &&
    task.index === base.index &&
    task.key === base.key &&
    task.kind === base.kind &&
    task.timeoutMs === base.timeoutMs &&
    task.silenceMs === base.silenceMs &&
    task.createdAt === base.createdAt
  );
}

import type { TaskId } from '../../../domain/ids.ts';
import type { TaskArray } from '../../../domain/task.ts';
import { arrayColumns, decodeArray, encodeArray } from '../codec/array.ts';
import { type Connection, marks } from '../database.ts';
import type { Table } from '../row-cache.ts';
import { changedOne } from './one-row.ts';

export function arrayTable(connection: Connection): Table<TaskId, TaskArray> {
  const load = connection.prepare(`SELECT ${arrayColumns} FROM array WHERE id = ?`);
  const insert = connection.prepare(`INSERT INTO array (${arrayColumns}) VALUES (${marks(arrayColumns.length)})`);
  const [, ...others] = arrayColumns;
  const all = connection.prepare(`UPDATE array SET ${others.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`);
  const remove = connection.prepare('DELETE FROM array WHERE id = ?');
  return {
    keyOf: (array) => array.id,
    load(id) {
      const cells = load.get(id);
      return cells === undefined ? null : decodeArray(cells);
    },
    insert(array) {
      insert.run(...encodeArray(array));
    },
    update(array) {
      const [id, ...rest] = encodeArray(array);
      changedOne(all.run(...rest, id ?? null), `array ${array.id}`);
    },
    remove(id) {
      remove.run(id);
    },
  };
}

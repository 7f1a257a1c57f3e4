import type { Records } from '../../ports/records.ts';
import type { CallResults } from './calls.ts';
import type { Connection } from './database.ts';

/** R3 */
const mostBytes = 65_536;

interface RecordWriter {
  put(record: { collection: string; key: string; json: string; revision: number | null }): Promise<CallResults['putRecord']>;
  delete(record: { collection: string; key: string }): Promise<boolean>;
}

/** Documents: read here, written where everything is written. */
export function sqliteRecords(reader: Connection, writer: RecordWriter): Records {
  const one = reader.prepare('SELECT value, revision FROM record WHERE collection = ? AND key = ?');
  const all = reader.prepare('SELECT key, value, revision FROM record WHERE collection = ? ORDER BY key');
  return {
    async get<T>(collection: string, key: string) {
      const cells = one.get(collection, key);
      if (cells === undefined) return null;
      return { key, value: JSON.parse(cells[0] as string) as T, revision: cells[1] as number };
    },
    async list<T>(collection: string) {
      return all.all(collection).map(([key, value, revision]) => ({
        key: key as string,
        value: JSON.parse(value as string) as T,
        revision: revision as number,
      }));
    },
    async put(collection, key, value, revision) {
      const json = JSON.stringify(value);
      if (json === undefined) throw new TypeError(`the record ${collection}/${key} is not JSON`);
      if (Buffer.byteLength(json) > mostBytes) throw new RangeError(`the record ${collection}/${key} is over ${mostBytes} bytes`);
      return writer.put({ collection, key, json, revision });
    },
    delete: (collection, key) => writer.delete({ collection, key }),
  };
}

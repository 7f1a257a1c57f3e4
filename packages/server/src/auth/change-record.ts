import type { RecordOf, Records } from '../ports/records.ts';

/** Conflicts with other writers of the same record before giving up: each means that somebody else got through. */
const tries = 20;

/** Reads, changes and writes until nobody came in between. Null: there is no such record, or `change` wants nothing written. */
export async function changeRecord<T>(
  records: Records,
  collection: string,
  key: string,
  change: (value: T) => T | null,
): Promise<RecordOf<T> | null> {
  for (let left = tries; left > 0; left--) {
    const found = await records.get<T>(collection, key);
    const value = found === null ? null : change(found.value);
    if (found === null || value === null) return null;
    const put = await records.put(collection, key, value, found.revision);
    if (put.ok) return { key, value, revision: put.revision };
  }
  throw new Error(`the record ${collection} ${key} changes all the time`);
}

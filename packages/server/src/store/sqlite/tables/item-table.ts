import type { TaskId } from '../../../domain/ids.ts';
import type { Connection } from '../database.ts';

/** Items of an array stand in packs, so that a million of them are not a million rows. */
export const packSize = 256;

export const packsOf = (items: number): number => Math.ceil(items / packSize);

/** Packs that may hold indices below `?3` and from `?2` on; the first may begin before. */
export const itemsSql = `
SELECT first, texts FROM item WHERE array_id = ?1 AND first < ?3 AND first >= ifnull(
  (SELECT max(first) FROM item WHERE array_id = ?1 AND first <= ?2), 0)
ORDER BY first`;

export function itemTable(connection: Connection) {
  const write = connection.prepare('INSERT OR REPLACE INTO item (array_id, first, texts) VALUES (?, ?, ?)');
  const read = connection.prepare(itemsSql);
  const drop = connection.prepare('DELETE FROM item WHERE array_id = ?');
  return {
    put(array: TaskId, from: number, items: readonly string[]): void {
      for (let at = 0; at < items.length; at += packSize) {
        write.run(array, from + at, JSON.stringify(items.slice(at, at + packSize)));
      }
    },
    get: (array: TaskId, from: number, n: number): string[] => pick(read.all(array, from, from + n), from, n),
    dropOf: (array: TaskId): void => void drop.run(array),
  };
}

/** The items `from … from + n - 1` out of packs in order; those that do not exist are left out. */
export function pick(packs: readonly (readonly unknown[])[], from: number, n: number): string[] {
  const found: string[] = [];
  for (const [first, texts] of packs) {
    const start = Math.max(0, from - (first as number));
    found.push(...(JSON.parse(texts as string) as string[]).slice(start, from + n - (first as number)));
  }
  return found;
}

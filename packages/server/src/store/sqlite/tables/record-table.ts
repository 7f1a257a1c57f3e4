import type { Connection } from '../database.ts';

/** `Records` as the writing connection sees them (R1, R2). Values are JSON text here. */
export function recordTable(connection: Connection) {
  const create = connection.prepare(
    'INSERT INTO record (collection, key, value, revision) VALUES (?, ?, ?, 1) ON CONFLICT (collection, key) DO NOTHING',
  );
  const replace = connection.prepare(
    'UPDATE record SET value = ?, revision = revision + 1 WHERE collection = ? AND key = ? AND revision = ?',
  );
  const remove = connection.prepare('DELETE FROM record WHERE collection = ? AND key = ?');
  return {
    put(collection: string, key: string, json: string, revision: number | null): { ok: true; revision: number } | { ok: false } {
      const { changes } = revision === null ? create.run(collection, key, json) : replace.run(json, collection, key, revision);
      return changes === 1 ? { ok: true, revision: (revision ?? 0) + 1 } : { ok: false };
    },
    delete: (collection: string, key: string): boolean => remove.run(collection, key).changes === 1,
  };
}

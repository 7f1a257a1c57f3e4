import type { Connection } from '../database.ts';

/** The kinds that occur in an index that begins with the kind, by hopping from one to the next. */
export function kindsIn(connection: Connection, table: 'task' | 'array', index: string, condition = '1'): () => string[] {
  const from = `FROM ${table} INDEXED BY ${index} WHERE ${condition}`;
  const kinds = connection.prepare(`
    WITH RECURSIVE k (kind) AS (
      SELECT min(kind) ${from}
      UNION ALL
      SELECT (SELECT min(kind) ${from} AND kind > k.kind) FROM k WHERE k.kind IS NOT NULL
    )
    SELECT kind FROM k WHERE kind IS NOT NULL`);
  return () => kinds.all().map(([kind]) => kind as string);
}

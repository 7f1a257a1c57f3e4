import type { Millis } from '../../../domain/ids.ts';
import type { Connection } from '../database.ts';

export function timeQueries(connection: Connection) {
  // Running and suspended (3, 4): what people see as running.
  const running = connection.prepare(
    `SELECT total(seconds), min(seconds), max(seconds) FROM (
       SELECT max(0, (CAST(?1 AS INTEGER) - started_at) / 1000) AS seconds FROM task INDEXED BY task_kind
       WHERE kind = ?2 AND state IN (3, 4) AND started_at IS NOT NULL)`,
  );
  const due = connection.prepare(
    `SELECT min(at) FROM (
       SELECT min(not_before) AS at FROM task INDEXED BY task_due WHERE state = 0 AND not_before IS NOT NULL
       UNION ALL SELECT min(deadline) FROM task INDEXED BY task_offer WHERE state = 2 AND deadline IS NOT NULL
       UNION ALL SELECT min(not_before) FROM array INDEXED BY array_due WHERE rest = 0 AND not_before IS NOT NULL
       UNION ALL SELECT min(until) FROM exclusion INDEXED BY exclusion_until WHERE until IS NOT NULL AND until > ?1
       UNION ALL SELECT min(deadline) FROM job INDEXED BY job_deadline WHERE deadline IS NOT NULL AND state < 4 AND intent < 3
       UNION ALL SELECT min(free_at) FROM rate INDEXED BY rate_free WHERE free_at IS NOT NULL AND free_at > ?1
       UNION ALL SELECT min(until) FROM block INDEXED BY block_until WHERE until IS NOT NULL)`,
  );
  const sweeps = connection.prepare('SELECT 1 FROM sweep LIMIT 1');
  return {
    async runningSeconds(kind: string, now: Millis): Promise<{ sum: number; min: number; max: number }> {
      const [sum, min, max] = running.get(Math.trunc(now), kind) ?? [];
      return { sum: (sum ?? 0) as number, min: (min ?? 0) as number, max: (max ?? 0) as number };
    },
    nextDue: async (now: Millis): Promise<Millis | null> => (due.get(now)?.[0] ?? null) as Millis | null,
    hasSweeps: async (): Promise<boolean> => sweeps.get() !== undefined,
  };
}

import { DatabaseSync } from 'node:sqlite';

const succeeded = 6;

/** Looks into a closed database: every one of `count` empty tasks succeeded in its only attempt. Throws otherwise. */
export function checkExactly(file: string, count: number): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tasks = db
      .prepare(`SELECT count(*) AS all_, sum(state = ? AND attempt = 1) AS good FROM task WHERE kind = 'noop'`)
      .get(succeeded) as { all_: number; good: number };
    const attempts = db.prepare(`SELECT count(*) AS all_, sum(outcome = 'succeeded') AS good FROM attempt`).get() as {
      all_: number;
      good: number;
    };
    for (const [what, { all_, good }] of Object.entries({ tasks, attempts })) {
      if (all_ !== count || good !== count) throw new Error(`of ${count} ${what} there are ${all_}, ${good} of them good`);
    }
    return count;
  } finally {
    db.close();
  }
}

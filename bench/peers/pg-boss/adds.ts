import type pg from 'pg';
import type { PgBoss } from 'pg-boss';
import { callFor } from '../../lib/callers.ts';
import { stamp } from '../../lib/clock.ts';
import { serveCalls } from '../../lib/program.ts';
import type { AddsInput } from '../peer.ts';
import { postgresPool } from '../postgres/pool.ts';
import { openBoss, queue } from './boss.ts';

let boss: PgBoss;
let pool: pg.Pool;

serveCalls({
  async open({ at, connections }: AddsInput['open']) {
    pool = postgresPool(at, 1);
    boss = await openBoss(at, connections, false);
  },
  submit: ({ ms, callers }: AddsInput['submit']) => callFor(ms, callers, (n) => boss.send(queue, { n })),
  async fill({ count, batch }: AddsInput['fill']) {
    for (let from = 0; from < count; from += batch) {
      const size = Math.min(batch, count - from);
      await boss.insert(
        queue,
        Array.from({ length: size }, (_, i) => ({ data: { n: from + i } })),
      );
    }
  },
  async addOne({ n }: AddsInput['addOne']) {
    const from = stamp();
    await boss.send(queue, { n });
    return from;
  },
  async left() {
    const { rows } = await pool.query(`select count(*)::int as left from pgboss.job where state < 'completed' and name = $1`, [
      queue,
    ]);
    return rows[0]?.left;
  },
  clear: () => boss.deleteAllJobs(queue),
  async close() {
    await boss.stop({ graceful: false });
    await pool.end();
  },
});

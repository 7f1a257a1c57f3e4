import { Logger, makeWorkerUtils, type WorkerUtils } from 'graphile-worker';
import type pg from 'pg';
import { callFor } from '../../lib/callers.ts';
import { stamp } from '../../lib/clock.ts';
import { serveCalls } from '../../lib/program.ts';
import type { AddsInput } from '../peer.ts';
import { postgresPool } from '../postgres/pool.ts';
import { silent } from './silent.ts';

let pool: pg.Pool;
let utils: WorkerUtils;

serveCalls({
  async open({ at, connections }: AddsInput['open']) {
    pool = postgresPool(at, connections);
    utils = await makeWorkerUtils({ pgPool: pool, logger: new Logger(silent) });
    await utils.migrate();
  },
  submit: ({ ms, callers }: AddsInput['submit']) => callFor(ms, callers, (n) => utils.addJob('noop', { n })),
  async fill({ count, batch }: AddsInput['fill']) {
    for (let from = 0; from < count; from += batch) {
      const size = Math.min(batch, count - from);
      await utils.addJobs(Array.from({ length: size }, (_, i) => ({ identifier: 'noop', payload: { n: from + i } })));
    }
  },
  async addOne({ n }: AddsInput['addOne']) {
    const from = stamp();
    await utils.addJob('noop', { n });
    return from;
  },
  /** How many are left; those that ended were deleted. */
  async left() {
    const { rows } = await pool.query('select count(*)::int as left from graphile_worker.jobs');
    return rows[0]?.left;
  },
  clear: () =>
    pool
      .query('truncate graphile_worker._private_jobs cascade')
      .then(() => pool.query('vacuum'))
      .then(() => null),
  async close() {
    await utils.release();
    await pool.end();
  },
});

import { Logger, type Runner, run } from 'graphile-worker';
import type pg from 'pg';
import { Deliveries } from '../../lib/deliveries.ts';
import { serveCalls } from '../../lib/program.ts';
import type { WorksInput } from '../peer.ts';
import { postgresPool } from '../postgres/pool.ts';
import { silent } from './silent.ts';

const deliveries = new Deliveries();
let pool: pg.Pool;
let runner: Runner | null = null;

/** Batches make many empty jobs fast; without them the next job starts soonest. */
const batched = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

serveCalls({
  async open({ at, mode }: WorksInput['open']) {
    pool = postgresPool(at, 26);
    runner = await run({
      pgPool: pool,
      concurrency: mode === 'throughput' ? 24 : 4,
      noHandleSignals: true,
      pollInterval: 1_000,
      logger: new Logger(silent),
      taskList: { noop: (payload) => deliveries.got((payload as { n: number }).n) },
      preset: { worker: mode === 'throughput' ? batched : {} },
    });
  },
  expect: ({ count, stamps }: WorksInput['expect']) => deliveries.expect(count, stamps),
  all: () => deliveries.all,
  doubles: () => deliveries.doubles,
  stamps: () => deliveries.stamps,
  async close() {
    await runner?.stop();
    await pool.end();
  },
});

import type { PgBoss } from 'pg-boss';
import { Deliveries } from '../../lib/deliveries.ts';
import { serveCalls } from '../../lib/program.ts';
import type { WorksInput } from '../peer.ts';
import { openBoss, queue } from './boss.ts';

const deliveries = new Deliveries();
let boss: PgBoss;

const modes = {
  throughput: { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true },
  latency: { batchSize: 1, localConcurrency: 4 },
};

serveCalls({
  async open({ at, mode }: WorksInput['open']) {
    boss = await openBoss(at, 10, true);
    await boss.work<{ n: number }>(queue, { ...modes[mode], pollingIntervalSeconds: 0.5 }, async (jobs) => {
      for (const { data } of jobs) deliveries.got(data.n);
    });
  },
  expect: ({ count, stamps }: WorksInput['expect']) => deliveries.expect(count, stamps),
  all: () => deliveries.all,
  doubles: () => deliveries.doubles,
  stamps: () => deliveries.stamps,
  close: () => boss.stop({ graceful: false }),
});

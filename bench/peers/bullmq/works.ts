import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Deliveries } from '../../lib/deliveries.ts';
import { serveCalls } from '../../lib/program.ts';
import type { WorksInput } from '../peer.ts';

const deliveries = new Deliveries();
let redis: Redis;
let worker: Worker;

serveCalls({
  async open({ at, mode }: WorksInput['open']) {
    redis = new Redis({ path: at, maxRetriesPerRequest: null });
    worker = new Worker('noop', async ({ data }) => deliveries.got(data.n), {
      connection: redis,
      concurrency: mode === 'throughput' ? 100 : 4,
      removeOnComplete: { count: 0 },
    });
    worker.on('error', (error) => console.error(error.message));
    await worker.waitUntilReady();
  },
  expect: ({ count, stamps }: WorksInput['expect']) => deliveries.expect(count, stamps),
  all: () => deliveries.all,
  doubles: () => deliveries.doubles,
  stamps: () => deliveries.stamps,
  async close() {
    await worker.close(true);
    redis.disconnect();
  },
});

import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { callFor } from '../../lib/callers.ts';
import { stamp } from '../../lib/clock.ts';
import { serveCalls } from '../../lib/program.ts';
import type { AddsInput } from '../peer.ts';

let redis: Redis;
let queue: Queue;

serveCalls({
  async open({ at }: AddsInput['open']) {
    redis = new Redis({ path: at, maxRetriesPerRequest: null });
    queue = new Queue('noop', { connection: redis, defaultJobOptions: { removeOnComplete: true } });
    await queue.waitUntilReady();
  },
  submit: ({ ms, callers }: AddsInput['submit']) => callFor(ms, callers, (n) => queue.add('noop', { n })),
  async fill({ count, batch }: AddsInput['fill']) {
    for (let from = 0; from < count; from += batch) {
      const size = Math.min(batch, count - from);
      await queue.addBulk(Array.from({ length: size }, (_, i) => ({ name: 'noop', data: { n: from + i } })));
    }
  },
  async addOne({ n }: AddsInput['addOne']) {
    const from = stamp();
    await queue.add('noop', { n });
    return from;
  },
  async left() {
    const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active');
    return waiting + active;
  },
  clear: () => redis.flushall().then(() => null),
  async close() {
    await queue.close();
    redis.disconnect();
  },
});

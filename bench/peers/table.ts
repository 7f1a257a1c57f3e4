import type { Peer } from './peer.ts';

export const peers: readonly Peer[] = [
  {
    name: 'graphile-worker',
    server: 'postgres',
    adds: 'peers/graphile/adds.ts',
    works: 'peers/graphile/works.ts',
    connections: 16,
    batch: 500,
    tuned: 'concurrency 24, localQueue 500, completeJobBatchDelay 0, prepared statements',
  },
  {
    name: 'pg-boss',
    server: 'postgres',
    adds: 'peers/pg-boss/adds.ts',
    works: 'peers/pg-boss/works.ts',
    connections: 16,
    batch: 500,
    tuned: 'batchSize 500, 2 workers, burstWhenBatchFull, notify',
  },
  {
    name: 'BullMQ',
    server: 'redis',
    adds: 'peers/bullmq/adds.ts',
    works: 'peers/bullmq/works.ts',
    connections: 1,
    batch: 500,
    tuned: 'concurrency 100, removeOnComplete',
  },
];

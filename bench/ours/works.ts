import type { WireTask } from '../../packages/sdk/src/worker-wire.ts';
import { noop } from '../../packages/worker/src/runners/noop.ts';
import { startWorker, type WorkerHandle } from '../../packages/worker/src/start-worker.ts';
import { Deliveries } from '../lib/deliveries.ts';
import { serveCalls } from '../lib/program.ts';
import type { WorksInput } from '../peers/peer.ts';

/** Our worker as it is, in a process of its own; its runner for empty tasks also notes which task it was given. */
const deliveries = new Deliveries();
const { run } = noop;
if (noop.how !== 'instant') throw new Error('the runner of empty tasks is expected to end at once');
Object.assign(noop, {
  run(task: WireTask) {
    deliveries.got(task.index ?? (task.body.payload as { n: number }).n);
    return (run as (task: WireTask) => unknown)(task);
  },
});

let worker: WorkerHandle;

serveCalls({
  open({ url, token, work, slots, prefetch }: { url: string; token: string; work: string; slots: number; prefetch: number }) {
    const connected = Promise.withResolvers<null>();
    worker = startWorker({
      server: url,
      token: () => token,
      name: 'bench',
      work,
      kinds: ['noop'],
      amounts: { slots, cpus: 2, ramMb: 1_000, named: {} },
      prefetch,
      environment: process.env,
      log: (event) => {
        if (event === 'server:connected') connected.resolve(null);
      },
    });
    return connected.promise;
  },
  expect: ({ count, stamps }: WorksInput['expect']) => deliveries.expect(count, stamps),
  all: () => deliveries.all,
  doubles: () => deliveries.doubles,
  stamps: () => deliveries.stamps,
  async close() {
    worker.stop('now');
    await worker.closed;
  },
});

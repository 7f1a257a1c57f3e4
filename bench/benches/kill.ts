import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { median } from '../lib/figures.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { until } from '../lib/until.ts';
import { startServer } from '../ours/server.ts';
import { startWorkerProcess } from '../ours/worker-process.ts';

const rounds = 5;
const callers = 32;
const flightMs = 700;

export const kill: Bench = {
  name: 'kill',
  title: 'kill -9 in full flight',
  method: `${callers} callers submit over HTTP as fast as they are answered, a worker process ends the jobs; after 0.7 to 1.5 s the server gets SIGKILL, is started again on the same port, and so on, ${rounds} times. At the end every job that was ever acknowledged is looked for.`,
  async run() {
    await using closing = new Closing();
    const folder = closing.add(await tempFolder('kill'));
    const data = join(folder.path, 'data');
    let server = await startServer(data);
    closing.add({ close: () => server.close() });
    const { url, token } = server;
    const port = Number(new URL(url).port);
    closing.add(await startWorkerProcess({ url, token, work: join(folder.path, 'work'), slots: 16, kind: 'noop' }));
    const acknowledged: number[] = [];
    const ready: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const adds = startProgram('ours/http-adds.ts');
      await adds.call('open', { url, token });
      const flying = adds.call<number[]>('submitUntilGone', { callers });
      await setTimeout(flightMs + round * 200);
      await server.kill('SIGKILL');
      acknowledged.push(...(await flying));
      await adds.close();
      server = await startServer(data, port);
      ready.push(server.readyMs);
    }
    await ended(url, token);
    await server.close();
    const lost = lookFor(join(data, 'switchyard.db'), acknowledged);
    const verdict = { better: 'lower' } as const;
    return {
      lines: [
        { what: 'acknowledged before a kill', unit: 'jobs', rounds: [acknowledged.length], note: `${rounds} kills` },
        { what: 'acknowledged, then not there or not ended well', unit: 'jobs', rounds: [lost] },
        { what: 'start to ready after a kill', unit: 'ms', rounds: ready },
      ],
      verdicts: [
        { ...verdict, target: 'acknowledged jobs lost by kill -9', value: lost, limit: 0, unit: 'jobs' },
        { ...verdict, target: 'ready again after kill -9', value: median(ready) / 1_000, limit: 2, unit: 's' },
      ],
    };
  },
};

async function ended(url: string, token: string): Promise<void> {
  const client = createClient({ server: url, token });
  await until(async () => {
    const { tasks } = await client.stats();
    return tasks.waiting + tasks.ready + tasks.offered + tasks.running + tasks.stopping === 0;
  });
}

const succeeded = 4;

/** How many of them are not in the closed database as succeeded. Throws if an id was given twice. */
function lookFor(file: string, acknowledged: readonly number[]): number {
  const wanted = new Set(acknowledged);
  if (wanted.size !== acknowledged.length) throw new Error('an id was given to two jobs');
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    for (const row of db.prepare('SELECT id FROM job WHERE state = ?').iterate(succeeded)) wanted.delete(row['id'] as number);
    return wanted.size;
  } finally {
    db.close();
  }
}

import { join } from 'node:path';
import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench, Line } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { median } from '../lib/figures.ts';
import { quiet } from '../lib/quiet.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { fillFinished } from '../ours/fill-finished.ts';
import { startServer } from '../ours/server.ts';
import { startWorkerProcess } from '../ours/worker-process.ts';

const rounds = 5;
const finished = 1_000_000;

export const restart: Bench = {
  name: 'restart',
  title: 'Start to ready',
  method: `From the start of the process \`switchyard serve\` until it says that it is ready; ${rounds} starts each, the compiled code of its modules being cached as after any first start. The large store holds ${finished.toLocaleString('en')} jobs of one finished task, each with its attempt, and as many changes.`,
  async run({ say }) {
    await using closing = new Closing();
    const folder = closing.add(await tempFolder('restart'));
    const empty = join(folder.path, 'empty');
    const full = join(folder.path, 'full');
    await makeFull(full, folder.path);
    say('filled');
    const lines: Line[] = [];
    for (const [what, data] of [['empty store', empty] as const, ['1 M finished tasks', full] as const]) {
      await (await startServer(data)).close();
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await quiet();
        const server = await startServer(data);
        times.push(server.readyMs);
        await server.close();
      }
      lines.push({ what, unit: 'ms', rounds: times });
    }
    const ms = (line: number): number => median(lines[line]?.rounds ?? []);
    const verdict = { better: 'lower', unit: 's' } as const;
    return {
      lines,
      verdicts: [
        { ...verdict, target: 'start to ready, empty store', value: ms(0) / 1_000, limit: 0.5 },
        { ...verdict, target: 'start to ready, 1 M finished tasks', value: ms(1) / 1_000, limit: 2 },
      ],
    };
  },
};

/** One real task from end to end, then its rows a million times. */
async function makeFull(data: string, folder: string): Promise<void> {
  const server = await startServer(data);
  const { url, token } = server;
  const worker = await startWorkerProcess({ url, token, work: join(folder, 'work'), slots: 1, kind: 'noop' });
  try {
    const client = createClient({ server: url, token });
    const { job } = await client.jobs.submit({ kind: 'noop', spec: { n: 0 } });
    await client.jobs.wait(job.id);
  } finally {
    await worker.close();
    await server.close();
  }
  fillFinished(join(data, 'switchyard.db'), finished);
}

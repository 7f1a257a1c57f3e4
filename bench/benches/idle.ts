import { setTimeout } from 'node:timers/promises';
import type { Bench } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { median } from '../lib/figures.ts';
import { residentBytes } from '../lib/memory.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';

const step = 1_000;
const rounds = 3;
/** Long enough for garbage of the welcome to go. */
const settleMs = 4_000;

export const idle: Bench = {
  name: 'idle',
  title: 'An idle worker connection',
  method: `Growth of the server's resident memory per ${step.toLocaleString('en')} more workers that have been welcomed and wait, after the first ${step.toLocaleString('en')}; socket, session and what the engine remembers of the worker, garbage included.`,
  async run() {
    await using closing = new Closing();
    const { url, token, pid } = closing.add(await startServer(closing.add(await tempFolder('idle')).path));
    const workers = closing.add(startProgram('ours/idle-workers.ts'));
    const grow = async (): Promise<number> => {
      await workers.call('open', { url, token, count: step });
      await setTimeout(settleMs);
      return residentBytes(pid);
    };
    let before = await grow();
    const kib: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const after = await grow();
      kib.push((after - before) / step / 1_024);
      before = after;
    }
    const lost = await workers.call<number>('lost');
    if (lost > 0) throw new Error(`${lost} connections were lost`);
    return {
      lines: [{ what: 'one more idle worker', unit: 'KiB', rounds: kib }],
      verdicts: [{ target: 'memory of an idle worker connection', value: median(kib), limit: 12, better: 'lower', unit: 'KiB' }],
    };
  },
};

import { join } from 'node:path';
import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench, Verdict } from '../lib/bench.ts';
import { stamp } from '../lib/clock.ts';
import { Closing } from '../lib/closing.ts';
import { type Contestant, figureOf, inRounds, linesOf, type Rounds } from '../lib/in-rounds.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';
import { startWorkerProcess } from '../ours/worker-process.ts';

const rounds = 5;
const count = 300;
const slots = 2;

type Output = 'kept' | 'thrown away';
const outputs: readonly Output[] = ['kept', 'thrown away'];
const loopName = (output: Output): string => `plain spawn loop, output ${output}`;
const ourName = (output: Output): string => `Switchyard, output ${output}`;

export const spawn: Bench = {
  name: 'spawn',
  title: 'Real processes',
  method: `${count} times \`true\`, ${slots} at a time: a Node program that does nothing but spawn, against an array of ${count} tasks on our worker with ${slots} slots (from the submission until the job is seen to have succeeded). "Kept": standard output and error are pipes that somebody reads; "thrown away": both are /dev/null.`,
  async run() {
    await using closing = new Closing();
    const folder = closing.add(await tempFolder('spawn'));
    const { url, token } = closing.add(await startServer(join(folder.path, 'data')));
    closing.add(await startWorkerProcess({ url, token, work: join(folder.path, 'work'), slots, kind: 'shell' }));
    const client = createClient({ server: url, token });
    const loop = closing.add(startProgram('ours/spawn-loop.ts'));
    const run = async (tasks: number, output: Output): Promise<number> => {
      const sink = output === 'kept' ? 'capture' : 'discard';
      const from = stamp();
      const array = { from: 0, to: tasks - 1 };
      const { job } = await client.jobs.submit({ spec: { argv: ['true'], cwd: '/', array, stdout: sink, stderr: sink } });
      const { state } = await client.jobs.wait(job.id);
      if (state !== 'succeeded') throw new Error(`the job ended as ${state}`);
      return stamp() - from;
    };
    const contestants = outputs.flatMap((output): Contestant[] => {
      const capture = output === 'kept';
      return [
        {
          name: loopName(output),
          round: async () => ({ value: (await loop.call<number>('run', { count, slots, capture })) / count }),
        },
        { name: ourName(output), round: async () => ({ value: (await run(count, output)) / count }) },
      ];
    });
    await loop.call('run', { count: 100, slots, capture: true });
    await run(100, 'kept');
    const figures = await inRounds(rounds, contestants);
    return { lines: linesOf(figures, 'ms a process'), verdicts: outputs.map((output) => verdict(output, figures)) };
  },
};

function verdict(output: Output, figures: Rounds): Verdict {
  return {
    target: `real processes ÷ spawn loop, output ${output}`,
    value: figureOf(figures, ourName(output)) / figureOf(figures, loopName(output)),
    limit: 1.1,
    better: 'lower',
    unit: '×',
  };
}

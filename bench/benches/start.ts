import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Bench, Line } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { percentile } from '../lib/figures.ts';
import { quiet } from '../lib/quiet.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';
import { openPeers } from '../peers/open-peers.ts';

const rounds = 3;
const warm = 50;
const samples = 150;
const ours = 'Switchyard';

interface Pair {
  readonly name: string;
  readonly adds: Program;
  readonly works: Program;
}

export const start: Bench = {
  name: 'start',
  title: 'Submit to start, idle',
  method: `One job at a time, a few ms apart, for a worker process that waits: from the moment before the call (ours: HTTP) to the first line of the job's code there, on the machine's monotonic clock; the job is on disk by then. ${rounds} rounds of ${samples}.`,
  async run(ground) {
    await using closing = new Closing();
    const { open, leftOut } = await openPeers(ground, closing);
    const pairs: Pair[] = [await openOurs(closing)];
    for (const { peer, at, adds } of open) {
      const works = closing.add(startProgram(peer.works));
      await works.call('open', { at, mode: 'latency' });
      pairs.push({ name: peer.name, adds, works });
    }
    for (const pair of pairs) await sample(pair, warm);
    const all = new Map(pairs.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[] }]));
    for (let round = 0; round < rounds; round++) {
      for (const pair of pairs) {
        await quiet();
        const times = await sample(pair, samples);
        all.get(pair.name)?.p50.push(percentile(times, 0.5));
        all.get(pair.name)?.p99.push(percentile(times, 0.99));
      }
    }
    const lines: Line[] = [...all].flatMap(([name, { p50, p99 }]) => [
      { what: `${name}, p50`, unit: 'ms', rounds: p50 },
      { what: `${name}, p99`, unit: 'ms', rounds: p99 },
    ]);
    const mine = all.get(ours) ?? { p50: [], p99: [] };
    const verdict = { better: 'lower', unit: 'ms' } as const;
    return {
      lines,
      leftOut,
      verdicts: [
        { ...verdict, target: 'submit → start, p50', value: percentile(mine.p50, 0.5), limit: 1 },
        { ...verdict, target: 'submit → start, p99', value: percentile(mine.p99, 0.5), limit: 5 },
      ],
    };
  },
};

/** Milliseconds from call to start of so many jobs, one after the other. */
async function sample({ adds, works }: Pair, count: number): Promise<number[]> {
  await works.call('expect', { count, stamps: true });
  const from: number[] = [];
  for (let n = 0; n < count; n++) {
    from.push(await adds.call<number>('addOne', { n }));
    await setTimeout(2 + (n % 7));
  }
  await works.call('all');
  const to = await works.call<number[]>('stamps');
  return from.map((moment, n) => (to[n] ?? Number.NaN) - moment);
}

async function openOurs(closing: Closing): Promise<Pair> {
  const folder = closing.add(await tempFolder('start'));
  const { url, token } = closing.add(await startServer(join(folder.path, 'data')));
  const adds = closing.add(startProgram('ours/http-adds.ts'));
  await adds.call('open', { url, token });
  const works = closing.add(startProgram('ours/works.ts'));
  await works.call('open', { url, token, work: join(folder.path, 'work'), slots: 4, prefetch: 8 });
  return { name: ours, adds, works };
}

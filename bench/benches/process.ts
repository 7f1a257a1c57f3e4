import { join } from 'node:path';
import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench } from '../lib/bench.ts';
import { stamp } from '../lib/clock.ts';
import { Closing } from '../lib/closing.ts';
import { withCpu } from '../lib/cpu-time.ts';
import type { Delivered } from '../lib/deliveries.ts';
import { type Contestant, figureOf, inRounds, linesOf, type Round } from '../lib/in-rounds.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { until } from '../lib/until.ts';
import { checkExactly } from '../ours/check-exactly.ts';
import { startServer } from '../ours/server.ts';
import { type OpenPeer, openPeers } from '../peers/open-peers.ts';

const rounds = 3;
const usual = 20_000;
const batch = 500;
/** Ours: so many at once, none held in advance: for empty tasks an offer is one commit more. */
const slots = 256;

const names = { array: 'Switchyard, one array', bulk: 'Switchyard, jobs in batches' } as const;

export const processing: Bench = {
  name: 'process',
  title: 'Empty jobs, added and processed',
  method: `From the first add until the last one is committed as done, ${usual.toLocaleString('en')} jobs, added by each one's bulk call in batches of ${batch} while one worker process takes them. The worker process counts every number that it was given. Ours has ${slots} slots and no prefetch.`,
  async run(ground) {
    await using closing = new Closing();
    const { open, leftOut } = await openPeers(ground, closing);
    const ours = await openOurs(closing);
    const contestants: Contestant[] = [ours.contestant('array'), ours.contestant('bulk')];
    for (const one of open) contestants.push(await peerContestant(one, closing));
    const figures = await inRounds(rounds, contestants);
    const tasks = await ours.end();
    return {
      lines: linesOf(figures, 'jobs/s'),
      leftOut,
      verdicts: [
        {
          target: 'empty tasks through our worker over a socket',
          value: figureOf(figures, names.array),
          limit: 10_000,
          better: 'higher',
          unit: '/s',
        },
      ],
      notes: [`Exactly once: ${tasks.toLocaleString('en')} of our tasks, each with one attempt, each handed out once.`],
    };
  },
};

interface Timed {
  readonly count: number;
  readonly works: Program;
  /** All processes that take part. */
  readonly pids: readonly number[];
  add(): Promise<unknown>;
  committed(): Promise<boolean>;
}

/** One round; an error if a job came twice. */
async function timed({ count, works, pids, add, committed }: Timed): Promise<Round> {
  await works.call('expect', { count, stamps: false });
  const run = async (): Promise<number> => {
    const from = stamp();
    await add();
    await works.call<Delivered>('all');
    await until(committed);
    return stamp() - from;
  };
  const { result: ms, cpuUs } = await withCpu(pids, run, () => count);
  const doubles = await works.call<number>('doubles');
  if (doubles > 0) throw new Error(`${doubles} of ${count} jobs were delivered more than once`);
  return { value: (count / ms) * 1_000, cpuUs };
}

async function peerContestant({ peer, at, pid, adds }: OpenPeer, closing: Closing): Promise<Contestant> {
  const works = closing.add(startProgram(peer.works));
  await works.call('open', { at, mode: 'throughput' });
  const round = (count: number): Promise<Round> =>
    timed({
      count,
      works,
      pids: [works.pid, adds.pid, pid],
      add: () => adds.call('fill', { count, batch: peer.batch }),
      committed: async () => (await adds.call<number>('left')) === 0,
    });
  await round(1_000);
  return {
    name: peer.name,
    async round() {
      const figure = await round(usual);
      await adds.call('clear');
      return figure;
    },
  };
}

async function openOurs(closing: Closing) {
  const folder = closing.add(await tempFolder('process'));
  const server = closing.add(await startServer(join(folder.path, 'data')));
  const works = closing.add(startProgram('ours/works.ts'));
  const { url, token } = server;
  await works.call('open', { url, token, work: join(folder.path, 'work'), slots, prefetch: 0 });
  const client = createClient({ server: url, token });
  let done = 0;
  const committed = async (): Promise<boolean> => {
    const { kinds } = await client.stats();
    return (kinds.noop?.counts.succeeded ?? 0) >= done;
  };
  const adds = {
    array: (size: number) => client.jobs.submit({ kind: 'noop', spec: { array: { from: 0, to: size - 1 } } }),
    async bulk(size: number) {
      for (let n = 0; n < size; n += batch) {
        const jobs = Array.from({ length: Math.min(batch, size - n) }, (_, i) => ({ kind: 'noop', spec: { n: n + i } }));
        await client.jobs.submitMany(jobs);
      }
    },
  };
  const round = (how: keyof typeof adds, count: number): Promise<Round> => {
    done += count;
    // What this process itself does is the client's share: parts of a second for batches, nothing for an array.
    return timed({ count, works, pids: [works.pid, server.pid, process.pid], add: () => adds[how](count), committed });
  };
  for (const how of ['array', 'bulk'] as const) await round(how, 2_000);
  return {
    contestant: (how: keyof typeof adds): Contestant => ({ name: names[how], round: () => round(how, usual) }),
    /** Looks into the closed database: how many tasks there were. */
    async end(): Promise<number> {
      await works.close();
      await server.close();
      return checkExactly(join(folder.path, 'data', 'switchyard.db'), done);
    },
  };
}

import { join } from 'node:path';
import type { Bench, Line, Verdict } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { withCpu } from '../lib/cpu-time.ts';
import { median, percentile } from '../lib/figures.ts';
import { LeanConnection, requestText } from '../lib/lean-http.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { type OurServer, startServer } from '../ours/server.ts';

const rounds = 3;
const roundMs = 3_000;
const crowds = [1, 50, 500];
const updateBytes = 5 * 1_048_576;
const duringMs = 5_000;
/** Tasks of one job are an array; so many jobs of so many tasks. */
const chunk = 100_000;

interface Cycles {
  readonly count: number;
  readonly seconds: number;
}

export const flamenco: Bench = {
  name: 'flamenco',
  title: 'The Flamenco wire',
  method: `A server as users start it, every commit flushed, and scripted workers in a process of their own, each with one request under way. A cycle is /task, an update, /may-i-run and the last update with ten lines of log, in ${rounds} rounds of ${roundMs / 1_000} s with ${crowds.join(', ')} workers. Then polls of one worker every 2 ms while another sends updates of 5 MiB without a pause; and cycles of 50 workers with 1 M tasks waiting against 1 k. Tasks are of kind sleep, 100,000 to a job.`,
  async run({ say }) {
    await using closing = new Closing();
    const lines: Line[] = [];
    const verdicts: Verdict[] = [];
    const server = closing.add(await startServer(join(closing.add(await tempFolder('flamenco')).path, 'data')));
    const farm = closing.add(startProgram('ours/flamenco-farm.ts'));
    await farm.call('open', { url: server.url, workers: Math.max(...crowds) });
    await fill(server, 100_000);
    await farm.call('cycles', { ms: 1_000, workers: 50 });
    for (const workers of crowds) {
      const { rates, cpuUs } = await cycles(farm, server, workers);
      lines.push({ what: `cycles, ${workers} workers`, unit: '/s', rounds: rates });
      lines.push({ what: 'the same: processor time of the server per cycle', unit: 'µs', rounds: cpuUs });
    }
    await polls(farm, lines, verdicts);
    say('filling');
    const few = await cycles(farm, server, 50);
    await fill(server, 1_000_000);
    const many = await cycles(farm, server, 50);
    lines.push({ what: 'processor time per cycle, less than 100 k tasks waiting', unit: 'µs', rounds: few.cpuUs });
    lines.push({ what: 'processor time per cycle, more than 1 M tasks waiting', unit: 'µs', rounds: many.cpuUs });
    const flat = { target: 'Flamenco: a cycle with less than 100 k waiting ÷ with 1 M, by processor time', limit: 0.9 } as const;
    verdicts.push({ ...flat, better: 'higher', unit: '×', value: median(few.cpuUs) / median(many.cpuUs) });
    return {
      lines,
      verdicts,
      leftOut: [{ who: 'the Go manager', why: 'it needs MongoDB and is not in any registry that this machine reaches' }],
    };
  },
};

async function cycles(farm: Program, { pid }: OurServer, workers: number) {
  const rates: number[] = [];
  const cpuUs: number[] = [];
  const run = () => farm.call<Cycles>('cycles', { ms: roundMs, workers });
  for (let round = 0; round < rounds; round++) {
    const { result, cpuUs: each } = await withCpu([pid], run, ({ count }) => count);
    rates.push(result.count / result.seconds);
    cpuUs.push(each);
  }
  return { rates, cpuUs };
}

async function polls(farm: Program, lines: Line[], verdicts: Verdict[]): Promise<void> {
  const { times, updates, seconds } = await farm.call<{ times: number[]; updates: number; seconds: number }>('during', {
    ms: duringMs,
    bytes: updateBytes,
  });
  const p99 = percentile(times, 0.99);
  lines.push({ what: '/may-i-run while 5 MiB updates come in, p50', unit: 'ms', rounds: [percentile(times, 0.5)] });
  lines.push({ what: 'the same, p99', unit: 'ms', rounds: [p99] });
  lines.push({ what: 'updates of 5 MiB taken meanwhile', unit: '/s', rounds: [updates / seconds] });
  verdicts.push({ target: 'a poll while 5 MiB updates come in, p99', value: p99, limit: 50, better: 'lower', unit: 'ms' });
}

async function fill({ url, token }: OurServer, tasks: number): Promise<void> {
  const connection = await LeanConnection.open(url);
  const spec = { frames: `1-${chunk}`, chunk_size: 1, time_in_seconds: 0 };
  for (let done = 0; done < tasks; done += chunk) {
    const answer = await connection.send(requestText('POST', url, '/v1/jobs', token, JSON.stringify({ kind: 'sleep', spec })));
    if (answer.status !== 201) throw new Error(answer.body);
  }
  connection.close();
}

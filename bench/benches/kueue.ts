import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Bench, LeftOut, Line, Verdict } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { withCpu } from '../lib/cpu-time.ts';
import { median, percentile } from '../lib/figures.ts';
import { residentBytes } from '../lib/memory.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';
import { referenceProgram, startReference } from '../peers/kueue/reference.ts';

const rounds = 3;
const roundMs = 3_000;
const samples = 200;
const idleStep = 1_000;
const floodMs = 3_000;
const ours = 'Switchyard';
const reference = 'kueue_server 0.18.1';

interface Contestant {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly secret: string;
}

export const kueue: Bench = {
  name: 'kueue',
  title: 'The Kueue wire',
  method: `Scripted Kueue clients and workers (version 0.18) over loopback: 8 clients with at most 64 jobs on their way; each job is submitted, offered, accepted, confirmed, ended with its results, and reported, in ${rounds} rounds of ${roundMs / 1_000} s, first with one worker of 4 slots, then with 8. Then ${samples} jobs one at a time (submit to OfferJob at a worker that waits), a head worker's flood of 900 pairs of updates a second while a client lists jobs, and ${idleStep.toLocaleString('en')} more workers that wait. Ours flushes every commit; the reference server (KUEUE_BIN_DIR) stores nothing.`,
  async run() {
    await using closing = new Closing();
    const lines: Line[] = [];
    const rates = new Map<string, number>();
    const leftOut: LeftOut[] = [];
    const verdicts: Verdict[] = [];
    const contestants = [await openOurs(closing), ...(await openReference(closing, leftOut))];
    for (const contestant of contestants) {
      const { one, eight, cpuUs } = await cycles(contestant, closing);
      rates.set(contestant.name, median(eight));
      lines.push(
        { what: `${contestant.name}: cycles, 1 worker`, unit: '/s', rounds: one },
        { what: `${contestant.name}: cycles, 8 workers`, unit: '/s', rounds: eight },
        { what: `${contestant.name}: server processor time per cycle`, unit: 'µs', rounds: cpuUs },
      );
      lines.push(...(await latency(contestant, closing)));
    }
    const [mine] = contestants;
    if (mine !== undefined) {
      lines.push(...(await flood(mine, closing, verdicts)), ...(await idle(mine, closing)));
    }
    const theirs = rates.get(reference);
    if (theirs !== undefined) {
      const value = (rates.get(ours) ?? 0) / theirs;
      verdicts.unshift({ target: 'Kueue cycles ÷ the reference server', value, limit: 1, better: 'higher', unit: '×' });
    }
    return { lines, verdicts, leftOut };
  },
};

async function openOurs(closing: Closing): Promise<Contestant> {
  const data = join(closing.add(await tempFolder('kueue')).path, 'data');
  const { url, pid } = closing.add(await startServer(data));
  const secret = /shared_secret = "(.+)"/.exec(await readFile(join(data, 'kueue.toml'), 'utf8'))?.[1] ?? '';
  return { name: ours, port: Number(new URL(url).port), pid, secret };
}

async function openReference(closing: Closing, leftOut: LeftOut[]): Promise<Contestant[]> {
  const program = referenceProgram();
  if (program === null) {
    leftOut.push({ who: reference, why: 'KUEUE_BIN_DIR names no folder with it' });
    return [];
  }
  const folder = closing.add(await tempFolder('kueue-reference'));
  return [{ name: reference, ...closing.add(await startReference(program, folder.path)) }];
}

async function peers(at: Contestant, closing: Closing, count: { clients: number; workers: number }): Promise<Program> {
  const program = closing.add(startProgram('ours/kueue-peers.ts'));
  await program.call('open', { port: at.port, secret: at.secret, ...count });
  return program;
}

interface Cycles {
  readonly count: number;
  readonly seconds: number;
}

async function cycles(at: Contestant, closing: Closing) {
  const one: number[] = [];
  const eight: number[] = [];
  const cpuUs: number[] = [];
  const program = await peers(at, closing, { clients: 8, workers: 1 });
  const run = (): Promise<Cycles> => program.call<Cycles>('cycles', { ms: roundMs, outstanding: 64 });
  await program.call('cycles', { ms: 500, outstanding: 64 });
  for (let round = 0; round < rounds; round++) {
    const { count, seconds } = await run();
    one.push(count / seconds);
  }
  await program.call('open', { port: at.port, secret: at.secret, clients: 8, workers: 8 });
  for (let round = 0; round < rounds; round++) {
    const { result, cpuUs: each } = await withCpu([at.pid], run, ({ count }) => count);
    eight.push(result.count / result.seconds);
    cpuUs.push(each);
  }
  await program.close();
  return { one, eight, cpuUs };
}

async function latency(at: Contestant, closing: Closing): Promise<Line[]> {
  const program = await peers(at, closing, { clients: 1, workers: 1 });
  await program.call('latency', { count: 50 });
  const p50: number[] = [];
  const p99: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times = await program.call<number[]>('latency', { count: samples });
    p50.push(percentile(times, 0.5));
    p99.push(percentile(times, 0.99));
  }
  await program.close();
  return [
    { what: `${at.name}: submit → OfferJob, p50`, unit: 'ms', rounds: p50 },
    { what: `${at.name}: submit → OfferJob, p99`, unit: 'ms', rounds: p99 },
  ];
}

async function flood(at: Contestant, closing: Closing, verdicts: Verdict[]): Promise<Line[]> {
  const program = await peers(at, closing, { clients: 1, workers: 1 });
  const before = writtenBytes(at.pid);
  const { pairs, times } = await program.call<{ pairs: number; times: number[] }>('flood', { ms: floodMs });
  const kib = (writtenBytes(at.pid) - before) / 1_024;
  await program.close();
  const worst = percentile(times, 1);
  verdicts.push({ target: 'a list during a head worker’s flood, worst', value: worst, limit: 100, better: 'lower', unit: 'ms' });
  return [
    {
      what: `flood of ${Math.round(pairs / (floodMs / 1_000))} pairs/s: a list, p99`,
      unit: 'ms',
      rounds: [percentile(times, 0.99)],
    },
    { what: 'the same: written to disk', unit: 'KiB', rounds: [kib] },
  ];
}

function writtenBytes(pid: number): number {
  return Number(/write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

async function idle(at: Contestant, closing: Closing): Promise<Line[]> {
  const program = closing.add(startProgram('ours/kueue-peers.ts'));
  const grow = async (workers: number): Promise<number> => {
    await program.call('open', { port: at.port, secret: at.secret, clients: 0, workers });
    await setTimeout(4_000);
    return residentBytes(at.pid);
  };
  const first = await grow(idleStep / 2);
  const second = await grow(idleStep + idleStep / 2);
  const lost = await program.call<number>('lost');
  await program.close();
  if (lost > 0) throw new Error(`${lost} connections were lost`);
  return [{ what: 'one more idle worker', unit: 'KiB', rounds: [(second - first) / idleStep / 1_024] }];
}

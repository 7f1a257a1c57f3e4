import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Line, Verdict } from '../lib/bench.ts';
import { stamp } from '../lib/clock.ts';
import { Closing } from '../lib/closing.ts';
import { cpuTime } from '../lib/cpu-time.ts';
import type { Ground } from '../lib/ground.ts';
import { figureOf, inRounds, linesOf } from '../lib/in-rounds.ts';
import { residentBytes } from '../lib/memory.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { type Editor, enterEditor, simulation } from '../ours/editor.ts';
import { type OurServer, startServer } from '../ours/server.ts';
import { startWorkerProcess } from '../ours/worker-process.ts';

const readers = 1_000;
const fanMs = 8_000;
const nucleotides = 20_000;
const listed = 10_000;
const runs = 60;
const slots = 2;
const standIn = fileURLToPath(new URL('../../packages/worker/test/lib/oxdna-stand-in.mjs', import.meta.url));

export const dnaforge: Bench = {
  name: 'dnaforge',
  title: 'DNAforge: simulations over the editor\u2019s door',
  method: `A server and a worker as users start them; the engine is the stand-in of the tests. Fan-out: one job that prints 1,000 lines a second, ${readers} sockets that are told of it. Submission: ${nucleotides} nucleotides, against a bare server that parses the body, writes its three texts and flushes them. List: GET /job with ${listed} jobs, against node:http with the same bytes. Runs: ${runs} jobs of one short stage on ${slots} slots, against the same runs started by hand.`,
  async run(ground) {
    const lines: Line[] = [];
    const verdicts: Verdict[] = [];
    await fanOut(ground, lines, verdicts);
    await submission(lines, verdicts);
    await list(ground, lines, verdicts);
    await smallJobs(lines, verdicts);
    return { lines, verdicts };
  },
};

/** A program `oxDNA` in the folder: the stand-in, with so long a pause per step. */
function engineIn(folder: string, delayMs: number): string {
  const file = join(folder, 'oxDNA');
  const delay = delayMs > 0 ? `export STANDIN_DELAY_MS=${delayMs}\n` : '';
  writeFileSync(file, `#!/bin/sh\n${delay}exec '${process.execPath}' '${standIn}' "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

interface Yard {
  readonly server: OurServer;
  readonly editor: Editor;
  readonly folder: string;
  readonly engine: string;
}

async function openYard(closing: Closing, delayMs: number | null): Promise<Yard> {
  const folder = closing.add(await tempFolder('dnaforge')).path;
  const server = closing.add(await startServer(join(folder, 'data')));
  const engine = engineIn(folder, delayMs ?? 0);
  if (delayMs !== null) {
    const work = join(folder, 'work');
    closing.add(await startWorkerProcess({ ...server, work, slots, kind: 'oxdna', env: { OXDNA_BIN: engine } }));
  }
  return { server, editor: await enterEditor(server.url), folder, engine };
}

async function fanOut(ground: Ground, lines: Line[], verdicts: Verdict[]): Promise<void> {
  await using closing = new Closing();
  const { server, editor } = await openYard(closing, 1);
  const crowd = closing.add(startProgram('ours/editor-crowd.ts'));
  await crowd.call('enter', { port: Number(new URL(server.url).port), token: editor.token, count: readers });
  ground.say(`${readers} sockets are here`);
  await editor.call('POST', '/job', simulation(50, 1_000_000, 1));
  const running = async (): Promise<boolean> =>
    (JSON.parse(await editor.call('GET', '/job/0')) as { progress: number }).progress > 500;
  while (!(await running())) await new Promise((resolve) => setTimeout(resolve, 100));
  const heard = (): Promise<{ heard: number }> => crowd.call('heard');
  const [from, cpu, memory, before] = [stamp(), cpuTime([server.pid]), residentBytes(server.pid), await heard()];
  await new Promise((resolve) => setTimeout(resolve, fanMs));
  const after = await heard();
  const seconds = (stamp() - from) / 1_000;
  const each = (after.heard - before.heard) / readers / seconds;
  const grown = (residentBytes(server.pid) - memory) / 1_048_576;
  const share = (cpuTime([server.pid]) - cpu) / seconds / 10;
  lines.push({ what: 'updates to each socket', unit: '/s', rounds: [each] });
  lines.push({ what: 'deliveries', unit: '/s', rounds: [each * readers] });
  lines.push({ what: 'processor of the server meanwhile', unit: '%', rounds: [share] });
  lines.push({ what: 'memory of the server: growth', unit: 'MiB', rounds: [grown] });
  verdicts.push({
    target: 'updates to each of 1,000 sockets, of 1,000 lines a second',
    value: each,
    limit: 4.2,
    better: 'lower',
    unit: '/s',
  });
  verdicts.push({ target: 'growth meanwhile', value: grown, limit: 32, better: 'lower', unit: 'MiB' });
  await editor.call('DELETE', '/job/0');
}

async function submission(lines: Line[], verdicts: Verdict[]): Promise<void> {
  await using closing = new Closing();
  const { editor, folder } = await openYard(closing, null);
  const sink = join(folder, 'sink');
  mkdirSync(sink);
  const bare = closing.add(startProgram('ours/body-sink.ts'));
  const bareUrl = await bare.call<string>('open', { folder: sink });
  let n = 0;
  // Not the same twice: equal files are stored once.
  const body = (): string => simulation(nucleotides, 1_000 + n++, 100).replace('t = 0', `t = ${n}`);
  const timed = async (send: (text: string) => Promise<unknown>): Promise<number> => {
    const text = body();
    const from = stamp();
    await send(text);
    return stamp() - from;
  };
  const contestants = [
    {
      name: 'bare server, 20,000 nucleotides',
      send: (text: string) => fetch(bareUrl, { method: 'POST', body: text }).then((answer) => answer.text()),
    },
    { name: 'Switchyard, 20,000 nucleotides', send: (text: string) => editor.call('POST', '/job', text) },
  ];
  for (const { send } of contestants) await timed(send);
  const figures = await inRounds(
    5,
    contestants.map(({ name, send }) => ({ name, round: async () => ({ value: await timed(send) }) })),
  );
  lines.push(...linesOf(figures, 'ms a submission'));
  const value = figureOf(figures, 'Switchyard, 20,000 nucleotides') / figureOf(figures, 'bare server, 20,000 nucleotides');
  verdicts.push({ target: 'submission of 20,000 nucleotides ÷ bare server', value, limit: 3, better: 'lower', unit: '×' });
}

async function list(ground: Ground, lines: Line[], verdicts: Verdict[]): Promise<void> {
  await using closing = new Closing();
  const { server, editor, folder } = await openYard(closing, null);
  const text = simulation(4, 1_000, 100);
  const from = stamp();
  for (let i = 0; i < listed; i += 50) await Promise.all(Array.from({ length: 50 }, () => editor.call('POST', '/job', text)));
  lines.push({ what: 'small submissions, 50 callers', unit: '/s', rounds: [listed / ((stamp() - from) / 1_000)] });
  ground.say(`${listed} jobs are here`);
  const body = await editor.call('GET', '/job');
  const bare = closing.add(startProgram('ours/bare-http.ts'));
  const bareUrl = await bare.call<string>('open', { body });
  const once = async (url: string): Promise<number> => {
    const at = stamp();
    const answer = await fetch(`${url}/job`, { headers: { authorization: editor.token } });
    if ((await answer.text()).length !== body.length) throw new Error('another list');
    return stamp() - at;
  };
  const figures = await inRounds(7, [
    { name: 'node:http, the same bytes', round: async () => ({ value: await once(bareUrl) }) },
    { name: `GET /job with ${listed} jobs`, round: async () => ({ value: await once(server.url) }) },
  ]);
  lines.push(...linesOf(figures, 'ms'));
  lines.push({ what: 'size of that list', unit: 'MiB', rounds: [body.length / 1_048_576] });
  const value = figureOf(figures, `GET /job with ${listed} jobs`) / figureOf(figures, 'node:http, the same bytes');
  verdicts.push({ target: `GET /job with ${listed} jobs ÷ node:http`, value, limit: 2, better: 'lower', unit: '×' });
  await server.kill('SIGTERM');
  const again = closing.add(await startServer(join(folder, 'data')));
  const began = stamp();
  const answer = await fetch(`${again.url}/job`, { headers: { authorization: editor.token } });
  if ((await answer.text()).length !== body.length) throw new Error('another list after the restart');
  lines.push({ what: 'the first list after a restart', unit: 'ms', rounds: [stamp() - began] });
}

async function smallJobs(lines: Line[], verdicts: Verdict[]): Promise<void> {
  await using closing = new Closing();
  const { editor, folder, engine } = await openYard(closing, 0);
  const text = simulation(20, 100, 10);
  const { top, dat, forces } = JSON.parse(text) as Record<string, string>;
  const loop = closing.add(startProgram('ours/stage-loop.ts'));
  let first = 0;
  const ours = async (count: number): Promise<number> => {
    const from = stamp();
    await Promise.all(Array.from({ length: count }, () => editor.call('POST', '/job', text)));
    first += count;
    const done = async (): Promise<boolean> => {
      const jobs = JSON.parse(await editor.call('GET', '/job')) as { status: string }[];
      return jobs.length === first && jobs.every(({ status }) => status === 'DONE');
    };
    while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
    return stamp() - from;
  };
  await ours(4);
  const files = {
    'topology.top': top ?? '',
    'conf_start.dat': dat ?? '',
    'forces.forces': forces ?? '',
    'input.properties': input,
  };
  let round = 0;
  const byHand = async (): Promise<number> =>
    loop.call<number>('run', { folder: join(folder, `hand-${round++}`), engine, count: runs, slots, files });
  const figures = await inRounds(3, [
    { name: 'runs by hand', round: async () => ({ value: (runs / (await byHand())) * 60_000 }) },
    { name: 'jobs of the editor', round: async () => ({ value: (runs / (await ours(runs))) * 60_000 }) },
  ]);
  lines.push(...linesOf(figures, 'a minute'));
  const value = figureOf(figures, 'jobs of the editor') / figureOf(figures, 'runs by hand');
  verdicts.push({ target: 'small jobs ÷ runs by hand', value, limit: 0.8, better: 'higher', unit: '×' });
}

/** As the worker makes it of the same stage. */
const input = `sim_type = min
backend = CPU
interaction_type = DNA
T = 20C
dt = 0.005
steps = 100
print_conf_interval = 10
print_energy_every = 10
topology = topology.top
conf_file = conf_start.dat
lastconf_file = conf_end.dat
trajectory_file = /dev/null
energy_file = energy.dat
data_output_1 = {
  name = stdout
  print_every = 10
  col_1 = {
    type = step
  }
  col_2 = {
    type = potential_energy
  }
  col_3 = {
    type = stretched
  }
}
`;

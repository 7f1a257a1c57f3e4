import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { inflateSync } from 'node:zlib';
import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import type { GraphSpec } from '@switchyard/sdk/task-spec.ts';
import { jobBar } from '../packages/server/src/cli/kit/progress.ts';
import { endedOf } from '../packages/server/src/cli/kit/states.ts';
import { tableText } from '../packages/server/src/cli/kit/table.ts';
import { bytesText, spanText } from '../packages/server/src/cli/kit/times.ts';
import { watchJob } from '../packages/server/src/cli/kit/watch-job.ts';
import { root } from './lib.ts';

/**
 * `npm run demo`: a server with its worker, a second worker from `/worker.mjs` in an empty folder, and a picture of 33 million
 * pixels that both compute. Everything is in a temporary folder and gone afterwards, except the picture.
 */
const tiles = 32;
const width = 7680;
const height = 4320;
const pinned = '990dc1d1b1b6a6adbbe27e3e29dba27ee64bdfdcdd9ca8081a333413c2a5c975';
const patienceMs = 120_000;

const began = performance.now();
const base = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
const children: ChildProcess[] = [];
const patience = AbortSignal.timeout(patienceMs);

process.once('SIGINT', () => void tidy().then(() => process.exit(130)));

try {
  await demo();
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await tidy();
}

async function demo(): Promise<void> {
  const slots = Math.max(1, Math.floor(availableParallelism() / 2));
  step('A server with an embedded store, and its local worker');
  const data = join(base, 'data');
  const server = await startServer(data, slots);
  const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim();
  const client = createClient({ server: server.url, token });
  console.log(`  ${server.url}, ready after ${spanText(performance.now() - began)}`);

  step('A second worker: one file from the server, in an empty folder');
  await startSecondWorker(client, server.url, slots);
  const workers = await twoWorkers(client);
  console.log(`  ${workers.join(' and ')}, ${slots} ${slots === 1 ? 'slot' : 'slots'} each`);

  step(`A picture of ${width} x ${height} pixels: ${tiles} tiles, and one task that waits for all of them`);
  const { job } = await client.jobs.submit({ name: 'mandelbrot', kind: 'graph', spec: await spec(client) });
  const ended = await follow(client, job);
  if (ended.state !== 'succeeded') throw new Error(`job ${job.id} ${ended.state}: ${await whyNot(client, job.id)}`);

  const tasks = (await client.jobs.tasks(job.id, { limit: 1_000 })).tasks;
  const last = tasks.at(-1);
  if (last === undefined) throw new Error('the job has no tasks');
  const png = Buffer.from(await new Response(await client.tasks.artifact(last.id, 'mandelbrot.png')).arrayBuffer());
  checkPixels(png);
  const file = await keep(png);

  step('What ran where');
  console.log(whereTable(tasks).replaceAll(/^/gm, '  '));
  console.log(`\n  ${file} (${bytesText(png.length)}): its pixels are as expected, SHA-256 ${pinned.slice(0, 16)}…`);
  console.log(`  The whole demo took ${spanText(performance.now() - began)}.`);
}

function step(text: string): void {
  console.log(`\n${text}`);
}

async function startServer(data: string, slots: number): Promise<{ url: string }> {
  const flags = [
    '--port',
    '0',
    '--data',
    data,
    '--local-worker-slots',
    String(slots),
    '--no-kueue-enabled',
    '--log-level',
    'warn',
  ];
  const child = start(join(root, 'switchyard'), ['serve', '--json', ...flags], ['ignore', 'pipe', 'inherit']);
  if (child.stdout === null) throw new Error('the server has no output');
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${String(code)} before it was ready`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line', { signal: patience }), gone])) as [string];
  gone.catch(() => {});
  return JSON.parse(line) as { url: string };
}

async function startSecondWorker(client: Client, server: string, slots: number): Promise<void> {
  const folder = join(base, 'second');
  await mkdir(folder);
  const answer = await fetch(`${server}/worker.mjs`, { signal: patience });
  if (!answer.ok) throw new Error(`${server}/worker.mjs: ${answer.status} ${await answer.text()}`);
  await writeFile(join(folder, 'worker.mjs'), Buffer.from(await answer.arrayBuffer()));
  const { token } = await client.tokens.create({ name: 'second worker', role: 'worker' });
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  const flags = ['--server', server, '--token-file', 'token', '--name', 'second', '--work', 'work', '--slots', String(slots)];
  const child = start(process.execPath, ['worker.mjs', ...flags], ['ignore', 'pipe', 'pipe'], folder);
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) console.error(`the second worker ended with ${code}:\n${said.join('').slice(-2_000)}`);
  });
}

function start(program: string, argv: readonly string[], stdio: ('ignore' | 'pipe' | 'inherit')[], cwd = base): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SWITCHYARD_')));
  const child = spawn(program, argv, { cwd, env, stdio });
  children.push(child);
  return child;
}

/** Names of both workers, as soon as both are there. */
async function twoWorkers(client: Client): Promise<string[]> {
  const online = async (): Promise<string[]> => {
    const workers = await client.workers.list();
    return workers.filter((worker) => worker.status === 'online').map((worker) => worker.name);
  };
  const opened = Promise.withResolvers<void>();
  const changes = client.changes({ kinds: ['worker.changed', 'worker.created'], signal: patience, onOpen: opened.resolve });
  let next = changes.next();
  await opened.promise;
  for (;;) {
    const names = await online();
    if (names.length >= 2) {
      void changes.return(undefined);
      next.catch(() => {});
      return names.sort();
    }
    if ((await next).done === true) throw new Error('two workers did not come');
    next = changes.next();
  }
}

async function spec(client: Client): Promise<GraphSpec> {
  const script = async (name: string): Promise<{ path: string; blob: string }> => {
    const { blob } = await client.files.upload(await readFile(join(root, 'examples/mandelbrot', name)));
    return { path: name, blob };
  };
  const size = [String(width), String(height)];
  return {
    tasks: [
      {
        key: 'tile',
        argv: [process.execPath, 'tile.mjs', '{index}', String(tiles), ...size],
        array: { from: 0, to: tiles - 1 },
        inputs: [await script('tile.mjs')],
        outputs: ['tile-*.bin'],
        retries: 1,
      },
      {
        key: 'image',
        argv: [process.execPath, 'assemble.mjs', String(tiles), ...size],
        after: ['tile'],
        inputs: [await script('assemble.mjs'), { path: 'tile-{index}.bin', task: 'tile', artifact: 'tile-{index}.bin' }],
        outputs: ['mandelbrot.png'],
      },
    ],
  };
}

async function follow(client: Client, job: JobView): Promise<JobView> {
  const bar = jobBar(process.stdout);
  let quarter = 0;
  const show = (now: JobView): void => {
    bar?.show(now);
    if (bar !== null) return;
    const at = Math.floor((endedOf(now.counts) / now.total) * 4);
    if (at > quarter) console.log(`  ${endedOf(now.counts)} of ${now.total}`);
    quarter = at;
  };
  return watchJob(client, job.id, show, patience).finally(() => bar?.stop());
}

async function whyNot(client: Client, job: number): Promise<string> {
  const [task] = (await client.jobs.tasks(job, { state: ['failed', 'running', 'ready'], limit: 1 })).tasks;
  if (task === undefined) return 'no task says why';
  const log = await client.tasks.log(task.id, { stream: 'err' }).catch(() => null);
  const text = log?.body === null || log === null ? '' : await new Response(log.body).text();
  return `task ${task.id} ${task.state}: ${task.error ?? task.text ?? ''} ${text.slice(-500)}`;
}

/** Unpacks the PNG and looks at the pixels: another zlib may pack the same ones differently. */
function checkPixels(png: Buffer): void {
  const packed: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') packed.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const rows = inflateSync(Buffer.concat(packed));
  const hash = createHash('sha256');
  for (let row = 0; row < height; row++) hash.update(rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1)));
  const found = hash.digest('hex');
  if (found !== pinned) throw new Error(`the picture is wrong: its pixels have SHA-256 ${found}, not ${pinned}`);
}

async function keep(png: Buffer): Promise<string> {
  const file = join(root, 'demo-out', 'mandelbrot.png');
  await mkdir(join(root, 'demo-out'), { recursive: true });
  await writeFile(file, png);
  return relative(process.cwd(), file);
}

function whereTable(tasks: readonly TaskView[]): string {
  const by = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const name = task.worker?.name ?? '?';
    by.set(name, [...(by.get(name) ?? []), task]);
  }
  const busy = (list: readonly TaskView[]): number =>
    list.reduce((sum, task) => sum + Date.parse(task.endedAt ?? '') - Date.parse(task.startedAt ?? ''), 0);
  return tableText(
    [
      { title: 'WORKER', value: ([name]) => name },
      { title: 'TASKS', value: ([, list]) => list.length, right: true },
      { title: 'BUSY', value: ([, list]) => spanText(busy(list)), right: true },
      { title: 'WHICH', value: ([, list]) => list.map((task) => task.index ?? task.key ?? task.id).join(' ') },
    ],
    [...by].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

async function tidy(): Promise<void> {
  // The worker first: it says good-bye to a server that is still there.
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    const hard = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await gone;
    clearTimeout(hard);
  }
  await rm(base, { recursive: true, force: true });
}

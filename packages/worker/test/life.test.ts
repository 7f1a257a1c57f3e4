import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Journal } from '../src/journal.ts';
import { startMark } from '../src/proc.ts';
import { sh } from './lib/scripted-server.ts';
import { eventually, processesWith, Yard } from './lib/yard.ts';

let yard: Yard;
let mark: string;
/** The one file that is shipped: it also starts four times as fast as the sources. */
const bundle = join(mkdtempSync(join(tmpdir(), 'switchyard-bundle-')), 'worker.mjs');
beforeAll(() => {
  const tool = fileURLToPath(new URL('../../../tools/build-worker.ts', import.meta.url));
  execFileSync(process.execPath, [tool, bundle], { stdio: 'ignore' });
});
afterAll(() => rmSync(dirname(bundle), { recursive: true }));
beforeEach(() => {
  yard = new Yard();
  mark = randomUUID();
});
afterEach(async () => {
  await yard.close();
  // A test that failed must not leave anything running.
  for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
});

const busy = () => sh(`echo up; setsid sh -c 'while :; do sleep 0.05; done' ${mark} & while :; do sleep 0.05; done; : ${mark}`);

test('kill -9 of the worker in mid-task: its successor ends what it left before it says hello, and holds nothing of it', async () => {
  const server = await yard.server();
  const first = yard.process(server, [], bundle);
  const peer = await server.peer();
  peer.run({ task: 1, ...busy() }, { task: 2, ...sh(`trap '' TERM; echo up; while :; do sleep 0.05; done; : ${mark}`) });
  await peer.until(() => peer.output(1) === 'up\n' && peer.output(2) === 'up\n');
  await eventually(() => processesWith(mark).length >= 3);
  await first.kill();
  expect(processesWith(mark).length).toBeGreaterThanOrEqual(2);
  yard.process(server, [], bundle);
  const second = await server.peer();
  expect(processesWith(mark)).toEqual([]);
  expect(second.hello?.instance).toBe(peer.hello?.instance);
  expect(second.hello?.holds).toEqual([]);
});

test('an end that was not acknowledged outlives kill -9 of the worker', async () => {
  const server = await yard.server({ ack: false });
  const first = yard.process(server, [], bundle);
  const peer = await server.peer();
  peer.run({ task: 4, attempt: 2, ...sh('exit 9') });
  await peer.got('end');
  await first.kill();
  server.script = {};
  yard.process(server, [], bundle);
  const second = await server.peer();
  expect(second.hello?.holds).toEqual([{ task: 4, attempt: 2 }]);
  expect(await second.got('end')).toMatchObject({ task: 4, attempt: 2, exitCode: 9 });
});

test('a reused process number is never touched: only the recorded start makes it ours', async () => {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  const ours = spawn('sleep', ['61'], { stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => {
    ours.once('exit', resolve);
  });
  try {
    const server = await yard.server();
    const worker = yard.worker(server);
    await server.peer();
    worker.stop('now');
    await worker.closed;
    const journal = Journal.open(join(yard.folder, 'work', 'journal'));
    journal.begin(1, 1, 'marker-a;');
    journal.started(1, 1, stranger.pid!, 'some-other-boot:123');
    journal.begin(2, 1, 'marker-b;');
    journal.started(2, 1, ours.pid!, startMark(ours.pid!));
    journal.close();
    yard.worker(server);
    await server.peer();
    await gone;
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
  } finally {
    stranger.kill('SIGKILL');
    ours.kill('SIGKILL');
  }
});

test('journal: a torn last line is skipped, what is over is forgotten, the file does not grow for ever', () => {
  const path = join(yard.folder, 'journal');
  const journal = Journal.open(path);
  for (let task = 1; task <= 3_000; task += 1) {
    journal.begin(task, 1, `m${task};`);
    journal.started(task, 1, 100, 'boot:1');
    journal.forget(task, 1);
  }
  journal.begin(9_000, 2, 'last;');
  journal.close();
  expect(readFileSync(path).length).toBeLessThan(70_000);
  writeFileSync(path, '{"task":9001,"atte', { flag: 'a' });
  const again = Journal.open(path);
  expect(again.attempts).toEqual([{ task: 9_000, attempt: 2, marker: 'last;', pid: null, start: null, final: null }]);
  again.close();
});

test('two workers never share a folder; a killed one leaves no lock', async () => {
  const server = await yard.server();
  const first = yard.process(server, [], bundle);
  await server.peer();
  const second = yard.process(server, [], bundle);
  expect(await second.exited).toBe(1);
  expect(second.errors).toContain(`process ${first.child.pid}`);
  expect(second.errors).toContain('--work');
  await first.kill();
  yard.process(server, [], bundle);
  await server.peer();
});

test('SIGTERM drains: nothing new, what runs ends first, then bye and exit 0', async () => {
  const server = await yard.server();
  const worker = yard.process(server, [], bundle);
  const peer = await server.peer();
  const go = join(yard.folder, 'go');
  const all = { slots: 4, cpus: 0, ramMb: 0, named: {} };
  peer.run({ task: 1, amounts: all, ...sh(`echo up; while [ ! -e ${go} ]; do sleep 0.01; done`) });
  peer.offer({ task: 2 });
  await peer.until(() => peer.output(1) === 'up\n');
  worker.child.kill('SIGTERM');
  await peer.got('drain');
  expect(await peer.got('decline', 2)).toMatchObject({ how: 'defer' });
  peer.offer({ task: 3 });
  peer.run({ task: 4 });
  await peer.got('decline', 3);
  expect(await peer.got('give-back', 4)).toMatchObject({ how: 'free' });
  writeFileSync(go, '');
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'succeeded' });
  await peer.got('bye');
  expect(await worker.exited).toBe(0);
});

test('a second SIGTERM ends what runs: it goes back to the queue', async () => {
  const server = await yard.server();
  const worker = yard.process(server, [], bundle);
  const peer = await server.peer();
  peer.run(busy());
  await peer.until(() => peer.output(1) === 'up\n');
  worker.child.kill('SIGTERM');
  await peer.got('drain');
  worker.child.kill('SIGTERM');
  expect(await peer.got('give-back', 1)).toMatchObject({ how: 'free' });
  await peer.got('bye');
  expect(await worker.exited).toBe(0);
  expect(processesWith(mark)).toEqual([]);
});

test('SIGINT stops at once, and a drain has its own limit', async () => {
  const server = await yard.server();
  const first = yard.process(server, [], bundle);
  const peer = await server.peer();
  peer.run(busy());
  await peer.until(() => peer.output(1) === 'up\n');
  first.child.kill('SIGINT');
  await peer.got('give-back', 1);
  expect(await first.exited).toBe(0);
  const second = yard.process(server, ['--drain-timeout', '0.05'], bundle);
  const next = await server.peer();
  next.run(busy());
  await next.until(() => next.output(1) === 'up\n');
  second.child.kill('SIGTERM');
  await next.got('give-back', 1);
  expect(await second.exited).toBe(0);
});

test.each([401, 403])('a refused token (%i) ends it with a clear text', async (status) => {
  const server = await yard.server({ refuse: status });
  const worker = yard.process(server, [], bundle);
  expect(await worker.exited).toBe(1);
  expect(worker.errors).toContain(String(status));
  expect(worker.errors).toContain('--token-file');
  // The HTTP client below the socket repeats a 401 once by itself.
  expect(server.upgrades).toBeLessThanOrEqual(2);
});

test('a token that is not good for this worker ends it too', async () => {
  const server = await yard.server({ welcome: false });
  const worker = yard.worker(server);
  const peer = await server.peer();
  peer.hangUp(4403, 'no');
  expect(await worker.closed).toMatchObject({ how: 'refused', text: expect.stringContaining('403') });
});

test('any other failure is tried again, and told once', async () => {
  const server = await yard.server({ refuse: 503 });
  const events: string[] = [];
  yard.worker(server, { log: (event, fields) => events.push(`${event} ${JSON.stringify(fields)}`) });
  await eventually(() => server.upgrades >= 4);
  expect(events).toHaveLength(1);
  expect(events[0]).toContain('503');
  server.script = {};
  await server.peer();
});

test('a token that was good is not given up at the first refusal', async () => {
  const { server, peer } = await yard.pair();
  server.script = { refuse: 401 };
  peer.cut();
  await eventually(() => server.upgrades >= 4);
  server.script = {};
  await server.peer();
});

test('without a server for long it ends itself, and its tasks with it', async () => {
  const server = await yard.server();
  const worker = yard.worker(server, { orphanMs: 200 });
  const peer = await server.peer();
  peer.run(busy());
  await peer.until(() => peer.output(1) === 'up\n');
  await server.close();
  expect(await worker.closed).toMatchObject({ how: 'orphaned' });
  expect(processesWith(mark)).toEqual([]);
});

test('wishes: asleep takes nothing new, awake does, shutdown ends it', async () => {
  const { worker, peer } = await yard.pair();
  peer.say({ m: 'wish', mode: 'asleep', lazy: true });
  peer.run({ task: 1 });
  await peer.got('give-back', 1);
  peer.say({ m: 'wish', mode: 'awake', lazy: true });
  await peer.got('info');
  peer.run({ task: 2, ...sh('echo up; exec sleep 60') });
  await peer.until(() => peer.output(2) === 'up\n');
  peer.say({ m: 'wish', mode: 'shutdown', lazy: false });
  await peer.got('give-back', 2);
  await peer.got('bye');
  expect(await worker.closed).toMatchObject({ how: 'stopped' });
});

test('it leaves nothing behind: a stopped worker has freed its folder', async () => {
  const { worker, peer } = await yard.pair();
  peer.run(sh('echo x > out'));
  await peer.got('end');
  worker.stop('drain');
  await worker.closed;
  expect(existsSync(join(yard.folder, 'work', 'lock'))).toBe(false);
});

test('the flood of one task does not grow the worker', async () => {
  const server = await yard.server();
  const worker = yard.process(server, [], bundle);
  const peer = await server.peer();
  peer.run({ task: 1, ...sh('true') });
  await peer.got('end', 1);
  const before = worker.peakMb();
  peer.run({ task: 2, ...sh('yes | head -c 120000000') });
  const end = await peer.got('end', 2);
  expect(end.logs?.out).toBe(120_000_000);
  const bytes = peer.frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  expect(bytes).toBe(120_000_000);
  expect(worker.peakMb() - before).toBeLessThan(90);
});

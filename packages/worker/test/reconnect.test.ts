import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogFrame } from '@switchyard/sdk/worker-wire.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScriptedServer, sh } from './lib/scripted-server.ts';
import { eventually, processesWith, Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

/** Runs on until the file is there. */
const untilFile = (file: string) => `while [ ! -e ${file} ]; do sleep 0.01; done`;

async function back(server: ScriptedServer, script = server.script) {
  server.script = script;
  return await server.peer();
}

test('after a cut it comes back, names what runs, and its output goes on where the server has it', async () => {
  const { server, peer } = await yard.pair({ ackLogs: false });
  const go = join(yard.folder, 'go');
  peer.run({ attempt: 3, ...sh(`echo one; echo two; ${untilFile(go)}; echo three`) });
  await peer.until(() => peer.output(1) === 'one\ntwo\n');
  server.script = { welcome: false };
  peer.cut();
  const second = await server.peer();
  expect(second.hello?.holds).toEqual([{ task: 1, attempt: 3 }]);
  expect(second.hello?.instance).toBe(peer.hello?.instance);
  second.welcome({ logs: [{ task: 1, attempt: 3, out: 4, err: 0, log: 0 }] });
  await second.until(() => second.output(1) === 'two\n');
  expect(second.frames[0]).toMatchObject({ attempt: 3, offset: 4 });
  writeFileSync(go, '');
  expect(await second.got('end')).toMatchObject({ outcome: 'succeeded', attempt: 3 });
  expect(second.output(1)).toBe('two\nthree\n');
});

test('an end that was not acknowledged is told again, with the output before it', async () => {
  const { server, peer } = await yard.pair({ ack: false, ackLogs: false });
  peer.run(sh('echo out; exit 5'));
  await peer.got('end');
  server.script = { welcome: false, ack: false };
  peer.cut();
  const second = await server.peer();
  expect(second.hello?.holds).toEqual([{ task: 1, attempt: 1 }]);
  second.welcome({ logs: [{ task: 1, attempt: 1, out: 0, err: 0, log: 0 }] });
  expect(await second.got('end')).toMatchObject({ exitCode: 5, logs: { out: 4 } });
  expect(second.order).toEqual(['hello', 'log', 'end']);
  second.say({ m: 'ended', task: 1, attempt: 1 });
  server.script = {};
  second.cut();
  expect((await server.peer()).hello?.holds).toEqual([]);
});

test('an end is told again within one connection too, until it is acknowledged', async () => {
  const { peer } = await yard.pair({ ack: false, leaseMs: 60 });
  peer.run(sh('true'));
  await peer.until(() => peer.all('end').length === 3);
  peer.say({ m: 'ended', task: 1, attempt: 1 });
});

test('a task that ends while the server is away is reported afterwards, its output whole', async () => {
  const server = await yard.server();
  yard.worker(server);
  const peer = await server.peer();
  const go = join(yard.folder, 'go');
  const done = join(yard.folder, 'done');
  peer.run(
    sh(
      `echo up; ${untilFile(go)}; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "line $i of the output of this task"; done; touch ${done}`,
    ),
  );
  await peer.until(() => peer.output(1) === 'up\n');
  const { port } = server;
  await server.close();
  writeFileSync(go, '');
  await eventually(() => existsSync(done));
  const restarted = await yard.server({ port });
  const second = await restarted.peer();
  const end = await second.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded' });
  const text = (peer.output(1) + second.output(1)).split('\n');
  expect(text).toHaveLength(60_002);
  expect(text[60_000]).toBe('line 60000 of the output of this task');
});

test('while the server is away only the head and the tail of a flood are kept', async () => {
  const server = await yard.server();
  yard.worker(server, { rhythm: { spoolBytes: 1_000_000 } });
  const peer = await server.peer();
  const go = join(yard.folder, 'go');
  const done = join(yard.folder, 'done');
  peer.run(sh(`echo up; ${untilFile(go)}; yes 0123456789abcde | head -c 20000000; echo last; touch ${done}`));
  await peer.until(() => peer.output(1) === 'up\n');
  const { port } = server;
  await server.close();
  writeFileSync(go, '');
  await eventually(() => existsSync(done));
  const second = await (await yard.server({ port })).peer();
  const end = await second.got('end');
  expect(end.logs?.out).toBe(3 + 20_000_000 + 5);
  expect(second.output(1).endsWith('last\n')).toBe(true);
  expect(second.output(1).length).toBeLessThan(2_500_000);
  expect(gaps(second.frames)).toHaveLength(1);
  expect(lastByte(second.frames)).toBe(end.logs?.out);
});

function gaps(frames: readonly LogFrame[]): number[] {
  return frames.slice(1).flatMap((frame, index) => {
    const before = frames[index]!;
    const gap = frame.offset - (before.offset + before.bytes.length);
    return gap > 0 ? [gap] : [];
  });
}

function lastByte(frames: readonly LogFrame[]): number {
  const last = frames.at(-1)!;
  return last.offset + last.bytes.length;
}

test('what the server gave to somebody else is ended, and nothing is reported of it', async () => {
  const { server, peer } = await yard.pair();
  const mark = randomUUID();
  peer.run(sh(`echo up; while :; do sleep 0.01; done; : ${mark}`));
  await peer.until(() => peer.output(1) === 'up\n');
  server.script = { welcome: false };
  peer.cut();
  const second = await server.peer();
  second.welcome({ kill: [{ task: 1, attempt: 1 }] });
  await eventually(() => processesWith(mark).length === 0);
  second.run({ task: 2, ...sh('true') });
  await second.got('end', 2);
  expect(second.received.filter((message) => 'task' in message && message.task === 1)).toEqual([]);
});

test('an accept whose go was lost: named in hello, started if the server kept it', async () => {
  const { server, peer } = await yard.pair({ go: false });
  peer.offer({ task: 1, ...sh('echo ran') }, { task: 2, ...sh('echo ran') });
  await peer.until(() => peer.all('accept').length === 2);
  server.script = { welcome: false };
  peer.cut();
  const second = await server.peer();
  expect(second.hello?.holds).toEqual([
    { task: 1, attempt: 1 },
    { task: 2, attempt: 1 },
  ]);
  second.welcome({ kill: [{ task: 2, attempt: 1 }] });
  expect(await second.got('end', 1)).toMatchObject({ outcome: 'succeeded' });
  expect(second.output(2)).toBe('');
});

test('offers belong to the connection', async () => {
  const { server, peer } = await yard.pair();
  const all = { slots: 4, cpus: 0, ramMb: 0, named: {} };
  peer.run({ task: 1, amounts: all, ...sh('echo up; exec sleep 60') });
  peer.offer({ task: 2 });
  await peer.until(() => peer.output(1) === 'up\n');
  peer.cut();
  const second = await back(server);
  expect(second.hello?.holds).toEqual([{ task: 1, attempt: 1 }]);
  second.say({ m: 'kill', task: 1, attempt: 1 });
  await second.got('end', 1);
  expect(second.all('accept')).toEqual([]);
});

test('the same run said twice runs once', async () => {
  const { peer } = await yard.pair({ ack: false });
  const file = join(yard.folder, 'count');
  peer.run(sh(`echo x >> ${file}; wc -l < ${file}`), sh('echo second'));
  await peer.got('end');
  peer.run(sh('echo third'));
  peer.run({ task: 2, ...sh('true') });
  await peer.got('end', 2);
  expect(peer.output(1).trim()).toBe('1');
});

test('a server that has shown signs of life and falls silent is given up; one that never did is not', async () => {
  const { server, peer } = await yard.pair({ leaseMs: 60 });
  peer.ping();
  await peer.gone();
  const second = await back(server);
  // No ping on this one: our own signs of life go on over several leases.
  await second.until(() => second.textFrames > 8);
  expect(second.closed).toBe(false);
});

test('a server that does not answer hello is tried again', async () => {
  const server = await yard.server({ welcome: false });
  yard.worker(server, { rhythm: { handshakeMs: 50 } });
  const peer = await server.peer();
  await peer.gone();
  await (await back(server, {})).until(() => true);
});

test('while the server does not commit, the task waits in its pipe and is not silent', async () => {
  const { peer } = await yard.pair({ ackLogs: false });
  peer.run({ silenceMs: 60_000, ...sh('head -c 5000000 /dev/zero; echo done >&2') });
  const bytes = () => peer.frames.reduce((sum, frame) => sum + (frame.stream === 'out' ? frame.bytes.length : 0), 0);
  await peer.until(() => bytes() >= 1_048_576);
  peer.run({ task: 2, ...sh('true') });
  await peer.got('end', 2);
  expect(bytes()).toBeLessThan(1_048_576 + 200_000);
  let said = 0;
  while (peer.all('end').length < 2) {
    await peer.until(() => bytes() > said || peer.all('end').length === 2);
    said = bytes();
    peer.say({ m: 'logged', task: 1, attempt: 1, stream: 'out', length: said });
  }
  expect(bytes()).toBe(5_000_000);
});

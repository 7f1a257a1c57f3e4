import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

test('hello says who it is and what it has; a task runs, its output comes before its end', async () => {
  const { peer } = await yard.pair();
  expect(peer.request.headers['sec-websocket-protocol']).toBe('switchyard-worker.1');
  expect(peer.hello).toMatchObject({
    name: 'tester',
    kinds: expect.arrayContaining(['shell', 'sleep', 'debug', 'file-management']),
    prefetch: 4,
    holds: [],
    total: { slots: 4, cpus: 4 },
  });
  peer.run(sh('echo hello; echo oops >&2'));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded', reason: null, exitCode: 0, signal: null, error: null });
  expect(end.logs).toEqual({ out: 6, err: 5, log: 0 });
  expect(peer.output(1)).toBe('hello\n');
  expect(peer.output(1, 'err')).toBe('oops\n');
  expect(peer.order.lastIndexOf('log')).toBeLessThan(peer.order.indexOf('end'));
});

test('exit codes and signals are told; no output, no log frame', async () => {
  const { peer } = await yard.pair();
  peer.run({ task: 1, ...sh('exit 3') }, { task: 2, ...sh('kill -SEGV $$') });
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'failed', reason: 'exit', exitCode: 3, signal: null });
  expect(await peer.got('end', 2)).toMatchObject({ outcome: 'failed', reason: 'signal', exitCode: null, signal: 'SIGSEGV' });
  expect(peer.frames).toEqual([]);
});

test('an absent program is named, with the PATH', async () => {
  const { peer } = await yard.pair();
  peer.run({ body: { payload: { argv: ['no-such-program-at-all'], env: { PATH: '/bin:/nowhere' } } } });
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'start', exitCode: null });
  expect(end.error).toContain('no-such-program-at-all');
  expect(end.error).toContain('/bin:/nowhere');
});

test('an absent program with a folder is looked for from the working directory, which is named; the PATH has no part in it', async () => {
  const { peer } = await yard.pair();
  peer.run({ body: { payload: { argv: ['./nightly.sh'], cwd: yard.folder, env: { PATH: '/bin:/nowhere' } } } });
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'start', exitCode: null });
  expect(end.error).toContain('./nightly.sh');
  expect(end.error).toContain(yard.folder);
  expect(end.error).not.toContain('/nowhere');
});

test('a program that may not be executed, and arguments that no system takes, are failures to start', async () => {
  const { peer } = await yard.pair();
  const file = join(yard.folder, 'plain');
  writeFileSync(file, 'text', { mode: 0o644 });
  peer.run(
    { task: 1, body: { payload: { argv: [file] } } },
    { task: 2, body: { payload: { argv: ['true', 'x'.repeat(1_000_000)] } } },
  );
  expect(await peer.got('end', 1)).toMatchObject({ reason: 'start', error: expect.stringContaining('may not be executed') });
  expect(await peer.got('end', 2)).toMatchObject({ reason: 'start', error: expect.stringContaining('too long') });
});

test('a missing directory, and one that is a file, are handed back with the path named', async () => {
  const { peer } = await yard.pair();
  const file = join(yard.folder, 'file');
  writeFileSync(file, '');
  peer.run({ task: 1, ...sh('true', { cwd: '/no/such/place' }) }, { task: 2, ...sh('true', { cwd: file }) });
  expect(await peer.got('give-back', 1)).toMatchObject({ how: 'reject', why: expect.stringContaining('/no/such/place') });
  expect(await peer.got('give-back', 2)).toMatchObject({ how: 'reject', why: expect.stringContaining(file) });
});

test('a payload that is not of its kind, and an unknown kind, are handed back', async () => {
  const { peer } = await yard.pair();
  peer.run({ task: 1, body: { payload: { argv: 'rm -rf' } } }, { task: 2, kind: 'noop' });
  expect(await peer.got('give-back', 1)).toMatchObject({ how: 'reject' });
  expect(await peer.got('give-back', 2)).toMatchObject({ how: 'reject', why: expect.stringContaining('noop') });
});

test('garbage and unknown messages harm nobody; an unreadable task is handed back', async () => {
  const { peer } = await yard.pair();
  peer.raw('{');
  peer.raw('{"m":"run"}');
  peer.raw('[1,null,{"m":"from-the-future"},{"m":"toString"},{"m":"kill"},{"m":"run","task":{"task":7,"attempt":2,"kind":5}}]');
  expect(await peer.got('give-back', 7)).toMatchObject({ attempt: 2, how: 'reject' });
  peer.run(sh('true'));
  await peer.got('end', 1);
});

test('the environment is the one that we choose, with the words of the task', async () => {
  const secret = { ...process.env, HOME: '/home/x', SECRET_OF_WORKER: 'no', SWITCHYARD_TOKEN: 'no' };
  const { peer } = await yard.pair({}, { environment: secret });
  const env = { MINE: 'yes', OMP_NUM_THREADS: '7' };
  peer.run({
    ...{ task: 5, attempt: 2, job: 3, key: 'tile', index: 4, value: 'red' },
    amounts: { slots: 1, cpus: 2, ramMb: 0, named: {} },
    body: { payload: { argv: ['env'], env } },
  });
  await peer.got('end', 5);
  const seen = Object.fromEntries(
    peer
      .output(5)
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2)),
  ) as Record<string, string>;
  expect(seen).toMatchObject({
    MINE: 'yes',
    HOME: '/home/x',
    SWITCHYARD_JOB: '3',
    SWITCHYARD_TASK: '5',
    SWITCHYARD_ATTEMPT: '2',
    SWITCHYARD_KEY: 'tile',
    SWITCHYARD_INDEX: '4',
    SWITCHYARD_VALUE: 'red',
    SWITCHYARD_ITEM: 'red',
    MKL_NUM_THREADS: '2',
    OMP_NUM_THREADS: '7',
  });
  expect(seen.PATH).toBe(process.env.PATH);
  expect(Object.keys(seen).filter((name) => name.includes('SECRET') || name.includes('TOKEN'))).toEqual([]);
});

test('{index} and {item} are replaced in an array, and only there; there is no shell', async () => {
  const { peer } = await yard.pair();
  const body = { payload: { argv: ['echo', '{index}-{item}', '$HOME;{other}'] } };
  peer.run({ task: 1, index: 4, value: 'a b', body }, { task: 2, body });
  await Promise.all([peer.got('end', 1), peer.got('end', 2)]);
  expect(peer.output(1)).toBe('4-a b $HOME;{other}\n');
  expect(peer.output(2)).toBe('{index}-{item} $HOME;{other}\n');
});

test('without a directory it gets a fresh one, which is gone afterwards; nothing comes on its standard input', async () => {
  const { peer } = await yard.pair();
  peer.run(sh('pwd; ls -A; touch left; cat'));
  await peer.got('end');
  const folder = peer.output(1).trim();
  expect(folder.startsWith(join(yard.folder, 'work', 'runs'))).toBe(true);
  await expect.poll(() => existsSync(folder)).toBe(false);
});

test('a directory of the user stays', async () => {
  const { peer } = await yard.pair();
  const cwd = join(yard.folder, 'mine');
  mkdirSync(cwd);
  peer.run(sh('pwd; touch left', { cwd }));
  await peer.got('end');
  expect(peer.output(1)).toBe(`${cwd}\n`);
  expect(existsSync(join(cwd, 'left'))).toBe(true);
});

test('streams can be discarded or written to files', async () => {
  const { peer } = await yard.pair();
  const cwd = join(yard.folder, 'mine');
  mkdirSync(cwd);
  const absolute = join(yard.folder, 'err.txt');
  peer.run({
    ...{ task: 1, index: 3, value: '3' },
    ...sh('echo out; echo err >&2', { cwd, stdout: { file: 'logs/{index}.txt' }, stderr: { file: absolute } }),
  });
  peer.run({ task: 2, ...sh('echo out; echo err >&2', { stdout: 'discard' }) });
  await Promise.all([peer.got('end', 1), peer.got('end', 2)]);
  expect(readFileSync(join(cwd, 'logs/3.txt'), 'utf8')).toBe('out\n');
  expect(readFileSync(absolute, 'utf8')).toBe('err\n');
  expect(peer.frames.map((frame) => [frame.task, frame.stream])).toEqual([[2, 'err']]);
});

test('noop ends at once, only where it was asked for', async () => {
  const { peer } = await yard.pair({}, { kinds: ['noop'] });
  peer.run(...Array.from({ length: 100 }, (_, index) => ({ task: index + 1, kind: 'noop' })));
  peer.run({ task: 200, ...sh('true') });
  await peer.until(() => peer.all('end').length === 100);
  expect(peer.all('end').every((end) => end.outcome === 'succeeded')).toBe(true);
  expect(peer.textFrames).toBeLessThan(10);
  expect(await peer.got('give-back', 200)).toMatchObject({ how: 'reject' });
});

test('a fresh folder is empty and private, whatever the task before did to its own', async () => {
  const { peer } = await yard.pair();
  for (const [index, script] of ['touch a', 'chmod 500 .', 'mkdir -p x/y', 'true'].entries()) {
    peer.run({ task: index + 1, ...sh(`ls -A; stat -c %a .; ${script}`) });
    await peer.got('end', index + 1);
    expect(peer.output(index + 1)).toBe('700\n');
  }
});

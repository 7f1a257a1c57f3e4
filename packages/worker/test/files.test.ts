import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inside } from '../src/inside.ts';
import { sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

test.each(['a', 'a/b', './a', 'a/../b', '..a', 'a/..'])('inside: %j stays', (path) => {
  expect(inside('/root/x', path)?.startsWith('/root/x')).toBe(true);
});
test.each(['', '/a', '..', '../x', 'a/../../b', 'a\0b', '../x2'])('inside: %j does not', (path) => {
  expect(inside('/root/x', path)).toBeNull();
});

test('inputs are there before the program, with their bytes and modes', async () => {
  const { server, peer } = await yard.pair();
  const script = server.putBlob('#!/bin/sh\necho ran "$(cat data/in.txt)"\n');
  const data = server.putBlob('forty-two');
  const inputs = [
    { path: 'run.sh', blob: script, mode: 'exec' as const },
    { path: 'data/in.txt', blob: data },
  ];
  peer.run({ body: { payload: { argv: ['./run.sh'] }, inputs } });
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  expect(peer.output(1)).toBe('ran forty-two\n');
});

test('artifacts of an earlier task, and of a whole array', async () => {
  const { server, peer } = await yard.pair();
  server.artifacts.set(7, [{ path: 'sum.txt', blob: server.putBlob('7'), size: 1 }]);
  for (const n of [0, 1, 2]) server.artifacts.set(20 + n, [{ path: `t-${n}.txt`, blob: server.putBlob(`tile ${n}\n`), size: 7 }]);
  const inputs = [
    { path: 'in.txt', task: 7, count: 1, artifact: 'sum.txt' },
    { path: 'tiles/{index}.txt', task: 20, count: 3, artifact: 't-{n}.txt' },
  ];
  peer.run(sh('cat in.txt tiles/0.txt tiles/1.txt tiles/2.txt', { inputs }));
  await peer.got('end');
  expect(peer.output(1)).toBe('7tile 0\ntile 1\ntile 2\n');
});

test('an input that the server does not have, or that came with other bytes, fails the task with its name', async () => {
  const { server, peer } = await yard.pair();
  const absent = 'a'.repeat(64);
  const forged = 'b'.repeat(64);
  server.blobs.set(forged, Buffer.from('not these'));
  server.artifacts.set(7, []);
  peer.run(
    { task: 1, ...sh('true', { inputs: [{ path: 'x', blob: absent }] }) },
    { task: 2, ...sh('true', { inputs: [{ path: 'x', blob: forged }] }) },
    { task: 3, ...sh('true', { inputs: [{ path: 'x', task: 7, count: 1, artifact: 'gone.txt' }] }) },
  );
  expect(await peer.got('end', 1)).toMatchObject({ reason: 'error', error: expect.stringContaining(absent) });
  expect(await peer.got('end', 2)).toMatchObject({ reason: 'error', error: expect.stringContaining('other bytes') });
  expect(await peer.got('end', 3)).toMatchObject({ reason: 'error', error: expect.stringContaining('gone.txt') });
});

test('an input path never leads out of the working directory, links included; a link at the path itself is replaced', async () => {
  const { server, peer } = await yard.pair();
  const blob = server.putBlob('written');
  const cwd = join(yard.folder, 'mine');
  const other = join(yard.folder, 'other');
  mkdirSync(cwd);
  mkdirSync(other);
  writeFileSync(join(other, 'file'), 'untouched');
  symlinkSync(other, join(cwd, 'link'));
  symlinkSync(join(other, 'file'), join(cwd, 'direct'));
  peer.run(
    { task: 1, ...sh('true', { cwd, inputs: [{ path: '../escaped', blob }] }) },
    { task: 2, ...sh('true', { cwd, inputs: [{ path: 'link/new/file', blob }] }) },
    { task: 3, ...sh('cat direct', { cwd, inputs: [{ path: 'direct', blob }] }) },
  );
  for (const task of [1, 2]) {
    expect(await peer.got('end', task)).toMatchObject({ reason: 'error', error: expect.stringContaining('leads out') });
  }
  expect(await peer.got('end', 3)).toMatchObject({ outcome: 'succeeded' });
  expect(existsSync(join(yard.folder, 'escaped'))).toBe(false);
  expect(existsSync(join(other, 'new'))).toBe(false);
  expect(readFileSync(join(other, 'file'), 'utf8')).toBe('untouched');
});

test('an input is fetched once, and while its task is only offered', async () => {
  const { server, peer } = await yard.pair();
  const blob = server.putBlob('x'.repeat(100_000));
  const body = { payload: { argv: ['wc', '-c', 'big'] }, inputs: [{ path: 'big', blob }] };
  const all = { slots: 4, cpus: 0, ramMb: 0, named: {} };
  peer.run({ task: 1, amounts: all, ...sh('echo up; exec sleep 60') });
  peer.offer({ task: 2, body }, { task: 3, body });
  const gets = () => server.requests.filter((request) => request === `GET /v1/blobs/${blob}`).length;
  await expect.poll(gets).toBe(1);
  expect(peer.all('accept')).toEqual([]);
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  await Promise.all([peer.got('end', 2), peer.got('end', 3)]);
  expect(peer.output(3)).toBe('100000 big\n');
  expect(gets()).toBe(1);
});

test('the cache is bounded and heals', async () => {
  const { server, peer } = await yard.pair({}, { rhythm: { cacheBytes: 1_500 } });
  const blobs = ['a', 'b', 'c'].map((letter) => server.putBlob(letter.repeat(1_000)));
  for (const [index, blob] of [...blobs, ...blobs].entries()) {
    peer.run({ task: index + 1, ...sh('cat x', { inputs: [{ path: 'x', blob }] }) });
    await peer.got('end', index + 1);
    expect(peer.output(index + 1)).toBe('abcabc'.charAt(index).repeat(1_000));
  }
  expect(server.requests.length).toBe(6);
  const cached = join(yard.folder, 'work', 'cache', blobs[2]!);
  await expect.poll(() => existsSync(cached)).toBe(true);
  rmSync(cached);
  peer.run({ task: 10, ...sh('cat x', { inputs: [{ path: 'x', blob: blobs[2]! }] }) });
  expect(await peer.got('end', 10)).toMatchObject({ outcome: 'succeeded' });
});

test('outputs by glob are kept before the end, links that lead out are not', async () => {
  const { server, peer } = await yard.pair();
  const secret = join(yard.folder, 'secret.txt');
  writeFileSync(secret, 'secret');
  const script = `mkdir -p a/b; echo 1 > a/b/one.txt; echo 2 > two.txt; echo 3 > skip.bin; ln -s ${secret} evil.txt; ln -s ${yard.folder} up`;
  peer.run({
    index: 2,
    value: 'x',
    ...sh(`${script}; echo 4 > r-2-x`, { outputs: ['**/*.txt', 'two.*', 'up/*', 'r-{index}-{item}'] }),
  });
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded' });
  expect(end.artifacts?.map((artifact) => artifact.path)).toEqual(['a/b/one.txt', 'r-2-x', 'two.txt']);
  expect(end.artifacts?.map((artifact) => server.blobs.get(artifact.blob)?.toString())).toEqual(['1\n', '4\n', '2\n']);
});

test('a failed task keeps its outputs too; an output that leads out fails a good one', async () => {
  const { peer } = await yard.pair();
  peer.run(
    { task: 1, ...sh('echo half > out; exit 4', { outputs: ['out'] }) },
    { task: 2, ...sh('true', { outputs: ['../*'] }) },
  );
  const first = await peer.got('end', 1);
  expect(first).toMatchObject({ outcome: 'failed', reason: 'exit', exitCode: 4 });
  expect(first.artifacts).toHaveLength(1);
  expect(await peer.got('end', 2)).toMatchObject({
    outcome: 'failed',
    reason: 'error',
    exitCode: 0,
    error: expect.stringContaining('../*'),
  });
});

test('a server that does not take files just now is asked again; one that refuses for good fails the task', async () => {
  const { server, peer } = await yard.pair();
  server.blobStatus = 503;
  peer.run({ task: 1, ...sh('echo x > out', { outputs: ['out'] }) });
  await expect.poll(() => server.requests.length).toBeGreaterThan(1);
  server.blobStatus = null;
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'succeeded' });
  server.blobStatus = 413;
  peer.run({ task: 2, ...sh('echo x > out', { outputs: ['out'] }) });
  expect(await peer.got('end', 2)).toMatchObject({ outcome: 'failed', reason: 'error', error: expect.stringContaining('413') });
});

test('a kill ends a task that is fetching or keeping files', async () => {
  const { server, peer } = await yard.pair();
  const blob = server.putBlob('late');
  server.blobStatus = 503;
  peer.run(
    { task: 1, ...sh('true', { inputs: [{ path: 'x', blob }] }) },
    { task: 2, ...sh('echo x > out', { outputs: ['out'] }) },
  );
  await expect.poll(() => new Set(server.requests).size).toBe(2);
  peer.say({ m: 'kill', task: 1, attempt: 1 }, { m: 'kill', task: 2, attempt: 1 });
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'failed' });
  await peer.got('end', 2);
});

test('inputs that cannot be fetched for long give the task back', async () => {
  const { server, peer } = await yard.pair({}, { rhythm: { fileRetryMs: 30 } });
  const blob = server.putBlob('late');
  server.blobStatus = 503;
  peer.run(sh('true', { inputs: [{ path: 'x', blob }] }));
  expect(await peer.got('give-back')).toMatchObject({ how: 'free', why: expect.stringContaining('503') });
});

test('its files are its own', async () => {
  await yard.pair();
  expect(statSync(join(yard.folder, 'work')).mode & 0o077).toBe(0);
});

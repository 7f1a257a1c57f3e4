import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { oxdnaFiles, oxdnaLive } from '@switchyard/sdk/oxdna.ts';
import { expect, test } from 'vitest';
import { stageInput, standIn, strand } from '../../../worker/test/lib/oxdna.ts';
import { Yard } from './lib/yard.ts';

const stage = (more: object = {}) => ({
  type: 'FileConfig',
  metadata: {},
  createTrajectory: true,
  autoExtendStage: false,
  maxExtensions: 0,
  content: stageInput(),
  ...more,
});

async function simulate(client: Client, stages: readonly object[]) {
  const { top, dat, forces } = strand(20);
  const upload = async (text: string) => (await client.files.upload(Buffer.from(text))).blob;
  const spec = { topology: await upload(top), configuration: await upload(dat), forces: await upload(forces), stages };
  return (await client.jobs.submit({ kind: 'oxdna', spec: spec as never })).job;
}

const sleep = () => new Promise((resolve) => setTimeout(resolve, 20));
const lives = (pid: number) => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') !== '';

/** Waits until the task's series has come to this step. */
async function reaches(client: Client, task: number, step: number): Promise<void> {
  while (((await client.tasks.series(task)).rows.at(-1)?.[0] ?? -1) < step) await sleep();
}

function checkpointOf(yard: Yard, task: number): unknown {
  const db = new DatabaseSync(join(yard.data, 'switchyard.db'), { readOnly: true });
  try {
    return db.prepare('SELECT json FROM checkpoint WHERE task = ?').get(task)?.['json'] ?? null;
  } finally {
    db.close();
  }
}

const textOf = async (client: Client, task: number, path: string) => new Response(await client.tasks.artifact(task, path)).text();

test('a simulation outlives kill -9 of the server: the engine goes on, and the next stage begins where it ended', async () => {
  const yard = await Yard.forTest();
  const gate = join(yard.dir.path, 'gate');
  const engine = standIn(yard.dir.path, { WAIT_AT: 57, WAIT_FOR: gate });
  await yard.start([], { OXDNA_BIN: engine.file });
  const client = await yard.client();
  const job = await simulate(client, [stage(), stage()]);
  const [first, second] = (await client.jobs.tasks(job.id)).tasks.map(({ id }) => id) as [number, number];
  await reaches(client, first, 50);
  const shown = await client.tasks.live(first, oxdnaLive.configuration);
  expect(shown?.at).toBe(50);
  expect(Buffer.from(shown?.bytes ?? []).toString()).toMatch(/^t = 50\n/);
  await yard.kill();
  writeFileSync(gate, '');
  await yard.start([], { OXDNA_BIN: engine.file });
  expect(await client.jobs.wait(job.id)).toMatchObject({ state: 'succeeded' });
  expect(engine.starts()).toHaveLength(2);
  expect(await textOf(client, second, oxdnaFiles.start)).toBe(await textOf(client, first, oxdnaFiles.end));
  expect(await client.tasks.series(first)).toMatchObject({ of: 11, ended: true });
  expect((await client.tasks.show(first)).attempts).toHaveLength(1);
  expect((await client.workers.list()).find(({ name }) => name !== '')?.info).toMatchObject({
    oxdna: { program: engine.file, version: '3.7.0-stand-in' },
  });
}, 120_000);

test('kill -9 of the worker in an extension: the engine is ended, and the stage goes on with that extension', async () => {
  const yard = await Yard.forTest();
  const gate = join(yard.dir.path, 'gate');
  const ran = join(yard.dir.path, 'ran');
  // The first run goes through, the next ones wait.
  const before = `if [ ! -e '${ran}' ]; then touch '${ran}'; export STANDIN_WAIT_AT=-1; fi`;
  const engine = standIn(yard.dir.path, { WAIT_AT: 57, WAIT_FOR: gate }, before);
  await yard.start([], { OXDNA_BIN: engine.file });
  const client = await yard.client();
  const job = await simulate(client, [stage({ autoExtendStage: true, maxExtensions: 20 })]);
  const task = job.firstTask;
  await reaches(client, task, 150);
  while (checkpointOf(yard, task) === null) await sleep();
  const [, extension] = engine.starts();
  await yard.killLocalWorker();
  while (lives(extension!.pid)) await sleep();
  writeFileSync(gate, '');
  expect(await client.jobs.wait(job.id)).toMatchObject({ state: 'succeeded' });
  const shown = await client.tasks.show(task);
  expect(shown.result).toMatchObject({ extensions: 2, steps: 300, totalSteps: 300 });
  expect(shown.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  // The first run, the extension that was cut off, the same again, and the last one.
  expect(engine.starts()).toHaveLength(4);
  const files = shown.artifacts.map(({ path }) => path);
  for (const run of [0, 1]) expect(files).toEqual(expect.arrayContaining([`energy.ext${run}.dat`, `trajectory.ext${run}.dat`]));
  const { rows, of } = await client.tasks.series(task);
  // Where a run begins the one before it has its last row: the attempt that goes on there replaces it.
  expect(of).toBe(32);
  expect(rows.map(([step]) => step)).toEqual(rows.map(([step]) => step).toSorted((a, b) => Number(a) - Number(b)));
}, 120_000);

test('a canceled simulation keeps the configuration that it had reached; a failed one says what the engine said', async () => {
  const yard = await Yard.forTest();
  const gate = join(yard.dir.path, 'gate');
  const engine = standIn(yard.dir.path, { WAIT_AT: 57, WAIT_FOR: gate, CRASH_AT: 80 });
  await yard.start([], { OXDNA_BIN: engine.file });
  const client = await yard.client();
  const canceled = await simulate(client, [stage(), stage()]);
  await reaches(client, canceled.firstTask, 50);
  await client.jobs.cancel(canceled.id, { kill: true });
  expect(await client.jobs.wait(canceled.id)).toMatchObject({ state: 'canceled' });
  expect(await textOf(client, canceled.firstTask, oxdnaFiles.end)).toMatch(/^t = 57\n/);
  writeFileSync(gate, '');
  const failed = await simulate(client, [stage()]);
  expect(await client.jobs.wait(failed.id)).toMatchObject({ state: 'failed' });
  const shown = await client.tasks.show(failed.firstTask);
  expect(shown.error).toMatch(/^Distance between bonded neighbors exceeds acceptable values \(step 80\)\n/);
  expect(await textOf(client, failed.firstTask, oxdnaFiles.end)).toMatch(/^t = 80\n/);
  expect(await textOf(client, failed.firstTask, oxdnaFiles.log)).toContain('ERROR: ');
}, 120_000);

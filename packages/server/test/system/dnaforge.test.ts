import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standIn, strand } from '../../../worker/test/lib/oxdna.ts';
import { Editor, type SimJob } from '../dnaforge/lib/client.ts';
import { manual, metadata } from '../dnaforge/lib/jobs.ts';
import { unzip } from '../dnaforge/lib/unzip.ts';
import { Yard } from './lib/yard.ts';

const sleep = () => new Promise((resolve) => setTimeout(resolve, 20));
const portOf = (yard: Yard): number => Number(new URL(yard.ready.url).port);

test('kill -9 of the server in mid-simulation: the editor\u2019s token holds, the job goes on, and its bars are right', async () => {
  const yard = await Yard.forTest();
  const gate = join(yard.dir.path, 'gate');
  const engine = standIn(yard.dir.path, { WAIT_AT: 57, WAIT_FOR: gate });
  const env = { OXDNA_BIN: engine.file };
  await yard.start([], env);
  const editor = await Editor.enter(portOf(yard));
  await editor.submit({ metadata, ...strand(20), configs: [manual({ steps: 100 }), manual({ steps: 50 })] });
  const waiting = await editor.submit({ metadata, ...strand(20), configs: [manual({ steps: 20 })] });
  await editor.submit({ metadata, ...strand(20), configs: [manual()] });
  await editor.call('PATCH', '/job/2');
  while ((await editor.list())[0]!.progress < 50) await sleep();
  await yard.kill();
  writeFileSync(gate, '');
  await yard.start([], env);
  const again = Editor.known(portOf(yard), editor.token);
  const ears = await again.socket();
  const [first] = await again.list();
  expect(first).toMatchObject({ id: 0, metadata, stageSimSteps: [100, 50] });
  const open = new Set((await again.list()).filter(({ status }) => status === 'NEW' || status === 'RUNNING').map(({ id }) => id));
  while (open.size > 0) {
    const { job } = await ears.hear();
    if (job?.status === 'DONE' || job?.status === 'CANCELED') open.delete(job.id);
  }
  expect((await again.list()).map(({ id, status, progress }) => [id, status, progress])).toEqual([
    [0, 'DONE', 150],
    [waiting.id, 'DONE', 20],
    [2, 'CANCELED', 0],
  ]);
  // One start for each stage: nothing ran twice.
  expect(engine.starts()).toHaveLength(3);
  const files = await unzip((await again.call('GET', '/job/download/0')).bytes);
  expect(files['1/conf_start.dat']).toBe(files['0/conf_end.dat']);
}, 120_000);

test('kill -9 of the worker in mid-stage: the stage runs again, and the editor sees it through', async () => {
  const yard = await Yard.forTest();
  const gate = join(yard.dir.path, 'gate');
  const engine = standIn(yard.dir.path, { WAIT_AT: 57, WAIT_FOR: gate });
  await yard.start([], { OXDNA_BIN: engine.file });
  const editor = await Editor.enter(portOf(yard));
  const ears = await editor.socket();
  await editor.submit({ metadata, ...strand(20), configs: [manual({ steps: 100 })] });
  await ears.until(({ job }) => (job?.progress ?? 0) >= 50);
  await yard.killLocalWorker();
  writeFileSync(gate, '');
  const heard = await ears.until(({ job }) => job?.status === 'DONE' || job?.status === 'CANCELED');
  // Between two attempts it is still running: never new again, never canceled.
  expect(new Set(heard.map(({ job }) => job?.status))).toEqual(new Set(['RUNNING', 'DONE']));
  expect(heard.at(-1)!.job).toMatchObject({ status: 'DONE', progress: 100, error: null });
}, 120_000);

test('switchyard simulate: a folder in, the files of all stages out; the editor sees the job too', async () => {
  const yard = await Yard.forTest();
  const engine = standIn(yard.dir.path);
  await yard.start([], { OXDNA_BIN: engine.file });
  const folder = join(yard.dir.path, 'tetra');
  mkdirSync(folder);
  const { top, dat, forces } = strand(20);
  writeFileSync(join(folder, 'tetra.top'), top.replaceAll('\n', '\r\n'));
  writeFileSync(join(folder, 'tetra.dat'), dat);
  writeFileSync(join(folder, 'stages.json'), JSON.stringify([manual({ steps: 40 }), manual({ steps: 20 })]));
  const out = join(yard.dir.path, 'out');
  const done = await yard.cli(['simulate', folder, '--output', out, '--json']);
  expect([done.code, done.err]).toEqual([0, expect.stringContaining(`succeeded in ${out}`)]);
  expect(JSON.parse(done.out)).toMatchObject({ kind: 'oxdna', name: 'tetra', state: 'succeeded' });
  expect(readdirSync(out).sort()).toEqual(['0', '1']);
  expect(readFileSync(join(out, '1', 'conf_end.dat'), 'utf8')).toMatch(/^t = 20\n/);
  expect(readdirSync(join(out, '0'))).toEqual(expect.arrayContaining(['energy.dat', 'trajectory.dat', 'oxDNA.log']));

  const editor = await Editor.enter(portOf(yard));
  const [shown] = await editor.json<SimJob[]>('GET', '/job');
  expect(shown).toMatchObject({ id: 0, status: 'DONE', metadata: { title: 'tetra' }, progress: 60 });

  // Two input files of the engine's own instead; one that the server refuses, named.
  writeFileSync(join(folder, 'a.txt'), 'sim_type = min\nT = 20C\ndt = 0.005\nsteps = 20\nprint_energy_every = 10\n');
  const own = await yard.cli(['simulate', folder, '--stages', join(folder, 'a.txt'), '--stages', join(folder, 'a.txt'), '-q']);
  expect([own.code, own.out, own.err]).toEqual([0, '', '']);
  writeFileSync(join(folder, 'b.txt'), 'steps = 10\nplugin_search_path = /tmp\n');
  const refused = await yard.cli(['simulate', folder, '--stages', join(folder, 'b.txt')]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Stage 1: "plugin_search_path" is not allowed here')]);
  // A second topology: which one is meant?
  writeFileSync(join(folder, 'forces.forces'), forces);
  writeFileSync(join(folder, 'other.top'), top);
  expect((await yard.cli(['simulate', folder])).err).toContain('several files that could be the topology: other.top, tetra.top');
  expect((await yard.cli(['simulate', join(folder, 'tetra.top')])).err).toContain('There is no configuration');
}, 120_000);

test('switchyard simulate: a failure tells what the engine said, and what is there is fetched', async () => {
  const yard = await Yard.forTest();
  const engine = standIn(yard.dir.path, { CRASH_AT: 80 });
  await yard.start([], { OXDNA_BIN: engine.file });
  const { top, dat } = strand(20);
  writeFileSync(join(yard.dir.path, 'x.top'), top);
  writeFileSync(join(yard.dir.path, 'x.dat'), dat);
  writeFileSync(join(yard.dir.path, 's.json'), JSON.stringify({ stages: [manual({ steps: 100 }), manual()] }));
  const out = join(yard.dir.path, 'out');
  const failed = await yard.cli(['simulate', 'x.top', 'x.dat', '--stages', 's.json', '-o', out]);
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/stage 1: Distance between bonded neighbors exceeds acceptable values/);
  expect(readFileSync(join(out, '0', 'oxDNA.log'), 'utf8')).toContain('ERROR: ');
}, 120_000);

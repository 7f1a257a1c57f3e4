import { expect, test } from 'vitest';
import { strand } from '../../../worker/test/lib/oxdna.ts';
import { until } from '../lib/until.ts';
import { Editor, type Heard, told } from './lib/client.ts';
import { file, manual, metadata } from './lib/jobs.ts';
import { unzip } from './lib/unzip.ts';
import { openWhole } from './lib/whole.ts';

const jobOf = (configs: readonly object[], n = 20) => ({ metadata, configs, ...strand(n) });
const final = ({ job }: Heard): boolean => job?.status === 'DONE' || job?.status === 'CANCELED';

test('a simulation from submission to its files, watched all the way: extended until it rests', async () => {
  await using whole = await openWhole({ DELAY_MS: 1 });
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  const stages = [
    manual({ steps: 100, every: 10, autoExtendStage: true, maxExtensions: 20 }),
    manual({ steps: 50, every: 10, createTrajectory: false }),
  ];
  const given = jobOf(stages);
  // Watched before it can begin.
  const { id } = await editor.submit(given);
  await editor.call('POST', `/job/subscribe/${id}`);
  const heard = await ears.until(final);
  const last = heard.at(-1)!;
  expect([told(last), last.job?.error]).toEqual(['JobUpdate DONE', null]);
  const job = last.job!;
  expect(job.extensions[0]).toBeGreaterThan(0);
  expect(job).toMatchObject({ completedStages: 2, initialSimSteps: 150, initialStageSimSteps: [100, 50] });
  expect(job.stageProgress).toEqual(job.stageSimSteps);
  expect(job.stageSimSteps[0]).toBe(100 * (1 + job.extensions[0]!));

  const states = heard.map(told).filter((one, i, all) => one !== all[i - 1]);
  expect(states[0]).toBe('JobUpdate NEW');
  expect(states.at(-1)).toBe('JobUpdate DONE');
  expect(states).toContain('DetailedUpdate RUNNING');
  // Whole structures only: never one with fewer or more lines than the model has particles.
  for (const { dat } of heard.filter(({ type }) => type === 'DetailedUpdate')) {
    expect(dat?.trim().split('\n')).toHaveLength(20 + 3);
  }
  const progress = heard.flatMap(({ job }) => (job ? [job.progress] : []));
  expect(progress).toEqual([...progress].sort((a, b) => a - b));

  const files = await unzip((await editor.call('GET', `/job/download/${id}`)).bytes);
  const k = job.extensions[0]!;
  for (const name of [
    'conf_start.dat',
    'conf_end.dat',
    'energy.dat',
    'trajectory.dat',
    'oxDNA.log',
    'input.properties',
    'stage.json',
  ]) {
    expect(Object.keys(files)).toContain(`0/${name}`);
  }
  for (let i = 0; i < k; i++) expect(files[`0/trajectory.ext${i}.dat`]).toBeDefined();
  expect(files['1/trajectory.dat']).toBeUndefined();
  expect(files['1/conf_start.dat']).toBe(files['0/conf_end.dat']);
  expect(files['0/input.properties']).toContain('topology = ../topology.top');
  const { dat } = await editor.json<{ dat: string }>('GET', `/job/details/${id}`);
  expect(dat).toBe(files['1/conf_end.dat']);
});

test('several at once, each on its own; a failing one tells why and harms no other', async () => {
  await using whole = await openWhole({}, { slots: 2 });
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  for (let i = 0; i < 4; i++) await editor.submit(jobOf([manual({ steps: 20, every: 10 })]));
  // Topology and configuration do not fit.
  const broken = { ...jobOf([manual()]), dat: strand(7).dat };
  const { id } = await editor.submit(broken);
  const ended = new Map<number, Heard>();
  while (ended.size < 5) {
    const heard = await ears.hear();
    if (final(heard)) ended.set(heard.jobId!, heard);
  }
  expect([...ended].sort(([a], [b]) => a - b).map(([, { job }]) => job?.status)).toEqual([
    'DONE',
    'DONE',
    'DONE',
    'DONE',
    'CANCELED',
  ]);
  expect(ended.get(id)?.job?.error).toMatch(/\S/);
  expect((await editor.list()).map((job) => job.error === null)).toEqual([true, true, true, true, false]);
});

test.each([
  ['a crash at step n', { CRASH_AT: 50 }, /./],
  ['a crash by a signal', { CRASH_AT: 50, CRASH_SIGNAL: 'SIGSEGV' }, /SIGSEGV/],
  ['energies that are no numbers', { NAN_FROM: 30 }, /step/],
  ['energies beyond all bounds', { INF_FROM: 30 }, /step/],
  ['lines that say nothing', { GARBAGE_AT: 30 }, /./],
])('%s: canceled, with an error that can be read', async (_name, faults, text) => {
  await using whole = await openWhole(faults);
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  await editor.submit(jobOf([manual({ steps: 100, every: 10 }), manual()]));
  const { job } = (await ears.until(final)).at(-1)!;
  expect([job?.status, job?.completedStages]).toEqual(['CANCELED', 0]);
  expect(job?.error).toMatch(text);
});

test('an engine that hangs and ignores SIGTERM is ended all the same when its job is canceled', async () => {
  await using whole = await openWhole({ HANG_AT: 20, IGNORE_TERM: 1 });
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  await editor.submit(jobOf([manual({ steps: 100, every: 10 })]));
  await ears.until(({ job }) => (job?.progress ?? 0) >= 10);
  const pid = whole.starts()[0]!.pid;
  expect((await editor.call('PATCH', '/job/0')).status).toBe(200);
  expect(told((await ears.until(final)).at(-1)!)).toBe('JobUpdate CANCELED');
  await until(() => !alive(pid));
});

test('a flood of output and torn files do not come through', async () => {
  await using whole = await openWhole({ FLOOD_ERR: 20_000, TORN_MS: 2, DELAY_MS: 1 });
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  await editor.submit(jobOf([manual({ steps: 60, every: 2 })]));
  await editor.call('POST', '/job/subscribe/0');
  const heard = await ears.until(final);
  expect(told(heard.at(-1)!)).toBe('JobUpdate DONE');
  const shown = heard.flatMap(({ dat }) => (dat === undefined ? [] : [dat.trim().split('\n').length]));
  expect(new Set(shown)).toEqual(new Set([23]));
});

test('an input file of the user\u2019s own runs, observables of its own too', async () => {
  await using whole = await openWhole();
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  const content = [
    'sim_type = min; backend = CPU',
    'T = 20C # degrees',
    'dt = 0.005',
    'steps = 1e2',
    'print_conf_interval = 10',
    'topology = /home/me/x.top',
    'trajectory_file = /home/me/x.dat',
    'energy_file = x',
    'data_output_2 = {',
    '  name = more.txt',
    '  print_every = 10',
    '}',
  ].join('\n');
  await editor.submit(jobOf([file(content)]));
  const { job } = (await ears.until(final)).at(-1)!;
  expect(job).toMatchObject({ status: 'DONE', error: null, progress: 100, initialStageSimSteps: [100] });
});

test('canceled in mid-run: the engine writes where it stands, and that is kept', async () => {
  await using whole = await openWhole({ WAIT_AT: 40, WAIT_FOR: '/nowhere/at/all' });
  const editor = await Editor.enter(whole.port);
  const ears = await editor.socket();
  await editor.submit(jobOf([manual({ steps: 100, every: 10 })]));
  await ears.until(({ job }) => (job?.progress ?? 0) >= 30);
  await editor.call('PATCH', '/job/0');
  await ears.until(final);
  await until(async () => {
    const files = await unzip((await editor.call('GET', '/job/download/0')).bytes);
    return files['0/conf_end.dat'] !== undefined && files['0/oxDNA.log'] !== undefined;
  });
  expect((await editor.list())[0]).toMatchObject({ status: 'CANCELED', error: null, completedStages: 0 });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { expect, test } from 'vitest';
import { admin, ok, submit } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { Ears, Editor, type Heard, http, told } from './lib/client.ts';
import { Stager } from './lib/fleet.ts';
import { jobNew, manual, strand } from './lib/jobs.ts';
import { openPlace } from './lib/place.ts';

/** A configuration of `n` particles at this step. */
const dat = (step: number, n = 4): string => `${strand(n).dat.replace('t = 0', `t = ${step}`)}\n`;

test('dnaforge §8.4 a token is asked for as often as it takes; then nothing follows by itself', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew());
  const ears = await Ears.open(place.port);
  for (const bearerToken of ['x'.repeat(32), editor.token.slice(1), '']) {
    ears.say({ type: 'WebSocketAuth', bearerToken });
    expect(await ears.hear()).toEqual({ type: 'WebSocketAuthResponse', success: false });
  }
  // Whatever else a stranger says is not heard.
  for (const frame of ['garbage', '[]', '7', { type: 'JobCancel', jobId: 0 }, { type: 'WebSocketAuth' }]) ears.say(frame);
  expect(await ears.hear()).toEqual({ type: 'WebSocketAuthResponse', success: false });
  ears.say({ type: 'WebSocketAuth', bearerToken: editor.token });
  expect(await ears.hear()).toEqual({ type: 'WebSocketAuthResponse', success: true });
  ears.say({ type: 'WebSocketAuth', bearerToken: editor.token });
  ears.wire.frame(0x2, Buffer.from([1, 2, 3]));
  await editor.submit(jobNew());
  expect(told(await ears.hear())).toBe('JobUpdate NEW');
  expect((await editor.list()).map(({ status }) => status)).toEqual(['NEW', 'NEW']);
});

test('dnaforge §8.12 every socket hears of a submission, with the whole job', async () => {
  await using place = await openPlace();
  const [editor, other] = [await Editor.enter(place.port), await Editor.enter(place.port)];
  const sockets = [await editor.socket(), await other.socket(), await other.socket()];
  const job = await editor.submit(jobNew());
  for (const ears of sockets) expect(await ears.hear()).toEqual({ type: 'JobUpdate', jobId: 0, job });
});

test('dnaforge §8.12 jobs of other doors are heard of too', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew());
  await ears.hear();
  const { engine } = place.yard;
  const spec = JSON.parse(ok(await engine.query.spec(admin, 1))) as Record<string, unknown>;
  const { topology, configuration, forces, stages } = spec;
  await submit(place.yard, { kind: 'oxdna', spec: { topology, configuration, forces, stages } });
  const heard = await ears.hear();
  expect([told(heard), heard.jobId, heard.job?.metadata]).toEqual(['JobUpdate NEW', 1, {}]);
  ok(await engine.command(admin, 'cancel', { job: 2, kill: true }));
  expect(told(await ears.hear())).toBe('JobUpdate CANCELED');
});

test('dnaforge §8.17 §8.20 a deletion is heard as null, also that of a running job, and nothing after it', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew());
  await editor.call('DELETE', '/job/0');
  expect([told(await ears.hear()), told(await ears.hear())]).toEqual(['JobUpdate NEW', 'JobUpdate null']);
  const fleet = await Stager.enter(place);
  await editor.submit(jobNew());
  const stage = await fleet.take();
  await ears.until((heard) => told(heard) === 'JobUpdate RUNNING');
  fleet.progress(stage, 10);
  await editor.call('DELETE', '/job/1');
  const last = (await ears.until((heard) => heard.job === null)).at(-1)!;
  expect(last).toEqual({ type: 'JobUpdate', jobId: 1, job: null });
  await until(() => fleet.worker.told.some(({ tell }) => tell === 'kill'));
  fleet.progress(stage, 20);
  await fleet.end(stage, { files: { 'conf_end.dat': dat(20) } });
  await editor.submit(jobNew());
  expect(told(await ears.hear())).toBe('JobUpdate NEW');
  expect((await editor.list()).map(({ id }) => id)).toEqual([2]);
});

test('dnaforge §8.19 one socket from submission to the end: what runs is shown by its structure', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  const job = jobNew([manual({ steps: 100 })]);
  await editor.submit(job);
  expect(told(await ears.hear())).toBe('JobUpdate NEW');
  await editor.call('POST', '/job/subscribe/0');
  const first = await ears.hear();
  expect([told(first), first.top, first.dat]).toEqual(['DetailedUpdate NEW', job.top, job.dat]);
  expect('jobId' in first).toBe(false);
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  expect(told(await ears.hear())).toBe('JobUpdate RUNNING');
  await place.clock.advance(1_000);
  fleet.progress(stage, 10);
  fleet.show(stage, 10, dat(10));
  const running = await ears.hear();
  expect([told(running), running.dat, running.job?.progress]).toEqual(['DetailedUpdate RUNNING', dat(10), 10]);
  await fleet.end(stage, { files: { 'conf_end.dat': dat(100) } });
  const rest = await ears.until(({ job }) => job?.status === 'DONE');
  expect(rest.map(told)).toEqual(['DetailedUpdate RUNNING', 'JobUpdate DONE']);
  expect(rest[0]?.dat).toBe(dat(100));
  expect(rest[1]?.job).toMatchObject({ completedStages: 1, progress: 100, stageProgress: [100], simSteps: 100 });
});

test('dnaforge §8.19 those who do not watch it hear of its progress instead, at most four times a second, the newest', async () => {
  await using place = await openPlace();
  const [editor, other] = [await Editor.enter(place.port), await Editor.enter(place.port)];
  const [watching, plain] = [await editor.socket(), await other.socket()];
  await editor.submit(jobNew([manual({ steps: 1000 })]));
  await editor.call('POST', '/job/subscribe/0');
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  await plain.until((heard) => told(heard) === 'JobUpdate RUNNING');
  await watching.until((heard) => told(heard) === 'JobUpdate RUNNING');
  await place.clock.advance(1_000);
  for (let step = 1; step <= 1000; step++) {
    fleet.progress(stage, step);
    fleet.show(stage, step, dat(step));
    await place.clock.advance(1);
  }
  await place.clock.advance(1_000);
  await fleet.end(stage, { files: { 'conf_end.dat': dat(1000) } });
  const heard = await plain.until(({ job }) => job?.status === 'DONE');
  const seen = await watching.until(({ job }) => job?.status === 'DONE');
  for (const list of [heard, seen]) {
    const steps = list.slice(0, -1).map(({ job }) => job?.progress ?? 0);
    // The first at once, then one each 250 ms, and the last; never backwards.
    expect(steps.length).toBeGreaterThanOrEqual(4);
    expect(steps.length).toBeLessThanOrEqual(7);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(1000);
  }
  expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(['JobUpdate']));
  expect(seen.slice(0, -1).every(({ type }) => type === 'DetailedUpdate')).toBe(true);
});

test('dnaforge §8.16 a cancel is heard before it is answered, and once', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew([manual(), manual()]));
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  await ears.until((heard) => told(heard) === 'JobUpdate RUNNING');
  await editor.call('PATCH', '/job/0');
  expect(told(await ears.hear())).toBe('JobUpdate CANCELED');
  await until(() => fleet.worker.told.some(({ tell }) => tell === 'kill'));
  // It had come so far when it was told: bars show it, the state is what it was.
  await fleet.end(stage, { steps: 37, files: { 'conf_end.dat': dat(37) } });
  const last = await ears.hear();
  expect([told(last), last.job?.progress, last.job?.completedStages, last.job?.error]).toEqual([
    'JobUpdate CANCELED',
    37,
    0,
    null,
  ]);
  await editor.submit(jobNew());
  expect((await ears.hear()).jobId).toBe(1);
});

test('dnaforge §8.21 the sync button: unsubscribe, subscribe, and the structure comes again', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  const job = jobNew([manual(), manual()]);
  await editor.submit(job);
  await ears.hear();
  for (let i = 0; i < 2; i++) {
    await editor.call('DELETE', '/job/subscribe');
    await editor.call('POST', '/job/subscribe/0');
    expect(await ears.hear()).toMatchObject({ type: 'DetailedUpdate', top: job.top, dat: job.dat });
  }
  const fleet = await Stager.enter(place);
  await fleet.end(await fleet.take(), { files: { 'conf_end.dat': dat(100) } });
  await fleet.take();
  await ears.until(({ job }) => job?.completedStages === 1);
  await editor.call('PATCH', '/job/0');
  await ears.until(({ job }) => job?.status === 'CANCELED');
  // Canceled: the end of the last stage that is done. With none, what was submitted: no fault of the server's.
  await editor.call('POST', '/job/subscribe/0');
  expect(await ears.hear()).toMatchObject({ type: 'DetailedUpdate', dat: dat(100) });
});

test('dnaforge §8.22 bars and labels: extensions are told at once, nothing passes its end, nothing is no number', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew([manual({ steps: 100, autoExtendStage: true, maxExtensions: 2 }), manual({ steps: 50 })]));
  const fleet = await Stager.enter(place);
  const first = await fleet.take();
  const heard: Heard[] = await ears.until((one) => told(one) === 'JobUpdate RUNNING');
  for (const [done, extensions] of [
    [100, 0],
    [100, 1],
    [150, 1],
    [900, 1],
  ] as const) {
    fleet.progress(first, done, extensions);
    await place.clock.advance(300);
  }
  await fleet.end(first, { extensions: 1, files: { 'conf_end.dat': dat(1) } });
  const second = await fleet.take();
  await fleet.end(second, { files: { 'conf_end.dat': dat(1) } });
  heard.push(...(await ears.until(({ job }) => job?.status === 'DONE')));
  const jobs = heard.flatMap(({ job }) => (job ? [job] : []));
  expect(jobs.some(({ extensions, stageSimSteps }) => extensions[0] === 1 && stageSimSteps[0] === 200)).toBe(true);
  for (const { stages, completedStages, status, progress, simSteps, stageProgress, stageSimSteps, extensions } of jobs) {
    for (const list of [stageProgress, stageSimSteps, extensions]) expect(list).toHaveLength(stages);
    expect(progress).toBeLessThanOrEqual(simSteps);
    for (const [i, done] of stageProgress.entries()) expect(done).toBeLessThanOrEqual(stageSimSteps[i]!);
    expect(status === 'DONE').toBe(completedStages === stages);
    expect([progress, simSteps, ...stageProgress, ...stageSimSteps].every(Number.isInteger)).toBe(true);
  }
  expect(jobs.at(-1)).toMatchObject({ progress: 250, simSteps: 250, initialSimSteps: 150, extensions: [1, 0] });
  expect(jobs.map(({ completedStages }) => completedStages)).toEqual([...jobs.map((j) => j.completedStages)].sort());
});

test('dnaforge §8.22 an extension is told to everybody at once, also to those who watch the structure', async () => {
  await using place = await openPlace();
  const [editor, other] = [await Editor.enter(place.port), await Editor.enter(place.port)];
  const [watching, plain] = [await editor.socket(), await other.socket()];
  await editor.submit(jobNew([manual({ steps: 100, autoExtendStage: true, maxExtensions: 2 })]));
  await editor.call('POST', '/job/subscribe/0');
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  for (const ears of [watching, plain]) await ears.until((heard) => told(heard) === 'JobUpdate RUNNING');
  // No time passes: what is only progress waits.
  fleet.progress(stage, 90);
  fleet.progress(stage, 100, 1);
  for (const ears of [watching, plain]) {
    const heard = await ears.hear();
    expect([told(heard), heard.job?.extensions, heard.job?.stageSimSteps]).toEqual(['JobUpdate RUNNING', [1], [200]]);
  }
});

test('dnaforge §8.23 a stage that fails ends the job as canceled, with what the engine said', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew([manual(), manual()]));
  const fleet = await Stager.enter(place);
  await fleet.end(await fleet.take(), { outcome: 'failed', steps: 30, error: "Can't read topology file\nINFO: last line" });
  const last = (await ears.until(({ job }) => job?.status === 'CANCELED')).at(-1);
  expect(last?.job).toMatchObject({ error: "Can't read topology file\nINFO: last line", progress: 30, completedStages: 0 });
  await editor.submit(jobNew());
  await fleet.end(await fleet.take(), { outcome: 'failed' });
  expect((await ears.until(({ job }) => job?.status === 'CANCELED')).at(-1)?.job?.error).toBe(
    'The program ended with exit code 1.',
  );
});

test('dnaforge §8.29 after a restart what has ended is listed and can be had, what waits runs, what was canceled stays so', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew([manual({ steps: 10 })]));
  let fleet = await Stager.enter(place);
  await fleet.end(await fleet.take(), { extensions: 2, files: { 'conf_end.dat': dat(10) } });
  await until(async () => (await editor.list())[0]?.status === 'DONE');
  await fleet.worker.handle.bye({ giveBack: true });
  await editor.submit(jobNew());
  await editor.submit(jobNew());
  await editor.call('PATCH', '/job/1');
  await editor.submit(jobNew());
  await editor.call('DELETE', '/job/3');
  const before = await editor.list();
  await place.restart();
  // The token survives too: the editor does not come back by itself.
  const again = Editor.known(place.port, editor.token);
  expect(await again.list()).toEqual(before);
  expect(before.map(({ id, status }) => `${id} ${status}`)).toEqual(['0 DONE', '1 CANCELED', '2 NEW']);
  expect(before[0]).toMatchObject({ extensions: [2], progress: 30, simSteps: 30 });
  expect((await again.call('GET', '/job/download/0')).status).toBe(200);
  const ears = await again.socket();
  fleet = await Stager.enter(place);
  await fleet.end(await fleet.take(), { files: { 'conf_end.dat': dat(100) } });
  expect((await ears.until(({ job }) => job?.status === 'DONE')).at(-1)?.jobId).toBe(2);
  expect((await again.submit(jobNew())).id).toBe(4);
});

test('dnaforge §8.30 clients of all ages on one server: each hears of the others in its own words', async () => {
  await using place = await openPlace();
  const today = await Editor.enter(place.port);
  const raw = await http(place.port, 'GET', '/auth?protocol=0', { headers: { accept: 'application/json' } });
  expect(JSON.parse(raw.text)).toEqual({ type: 'AuthResponse', bearerToken: expect.stringMatching(/^[A-Za-z0-9]{32}$/) });
  const old = Editor.known(place.port, (JSON.parse(raw.text) as { bearerToken: string }).bearerToken);
  const [plain, v0] = [await today.socket(), await old.socket()];
  const words = await today.socket({ protocol: 'document' });
  const zeroth = { id: 0, steps: 2, completedSteps: 0, status: 'NEW', progress: 0, error: null };
  expect(await v0.hear()).toEqual({ type: 'JobList', jobs: [] });
  expect(await words.hear()).toEqual({ type: 'jobs', jobs: [] });
  const job = await today.submit(jobNew([manual({ steps: 100 }), manual({ steps: 300 })]));
  expect(await plain.hear()).toEqual({ type: 'JobUpdate', jobId: 0, job });
  expect(await v0.hear()).toEqual({ type: 'JobUpdate', jobId: 0, job: zeroth });
  expect(await words.hear()).toEqual({ type: 'update', job_id: 0, job: zeroth });

  const { metadata: _, ...bare } = jobNew([{ type: 'FileConfig', content: 'steps = 10' }]);
  v0.say({ type: 'JobNew', ...bare });
  expect(await plain.hear()).toMatchObject({ type: 'JobUpdate', jobId: 1, job: { status: 'NEW', metadata: {} } });
  expect(await v0.hear()).toMatchObject({ jobId: 1, job: { steps: 1, status: 'NEW' } });
  await words.hear();
  v0.say({ type: 'JobSubscribe', jobId: 0 });
  const shown = await v0.hear();
  expect(shown).toEqual({ type: 'DetailedUpdate', job: zeroth, conf: strand().dat });

  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  await v0.until(({ job }) => job?.status === 'RUNNING');
  await place.clock.advance(1_000);
  fleet.progress(stage, 50);
  fleet.show(stage, 50, dat(50));
  expect(await v0.hear()).toEqual({
    type: 'DetailedUpdate',
    job: { ...zeroth, status: 'RUNNING', progress: 0.125 },
    conf: dat(50),
  });
  words.say({ type: 'subscribe', job_id: 0 });
  words.say({ type: 'cancel', job_id: 1 });
  expect((await words.until(({ job_id, job }) => job_id === 1 && job?.status === 'CANCELED')).at(-1)?.type).toBe('update');
  words.say({ type: 'cancel', job_id: 77 });
  expect(await words.until(({ type }) => type === 'error')).toContainEqual({
    ...{ type: 'error', request: 'cancel', message: 'There is no such job' },
  });
  v0.say({ type: 'JobDelete', jobId: 1 });
  expect((await plain.until(({ job }) => job === null)).at(-1)).toEqual({ type: 'JobUpdate', jobId: 1, job: null });
  expect((await words.until(({ job }) => job === null)).at(-1)).toEqual({ type: 'update', job_id: 1, job: null });
  v0.say({ type: 'JobNew', ...bare, configs: [manual({ answers: { Steps: 'x' } })] });
  expect((await v0.until(({ type }) => type === 'Error')).at(-1)).toMatchObject({
    request: 'JobNew',
    message: 'Stage 1: Steps must be a whole number from 1 to 4294967295',
  });
  v0.say({ type: 'JobSubscribe', jobId: null });
  await until(async () => (await old.call('GET', '/job/subscribe')).status === 204);
});

test('dnaforge §8.30 a server for old clients only gives out objects without being asked', async () => {
  await using place = await openPlace({ door: { authResponse: 'json' } });
  const { text } = await http(place.port, 'GET', '/auth');
  expect(JSON.parse(text)).toMatchObject({ type: 'AuthResponse' });
});

test('dnaforge §8.30 older stages mean what today\u2019s mean', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const thermostat = { type: 'BrownianThermostat', newtonianSteps: 103, pt: 0.99, diffCoeff: 2.5 };
  const old = {
    ...{ type: 'ManualConfig', steps: 500, dt: 1e-5, temperature: 30, maxBackboneForce: 5, maxBackboneForceFar: 10 },
    ...{ verletSkin: 0.5, externalForces: true, printInterval: 0 },
    simType: {
      ...{ type: 'McConfig', deltaTranslation: 0.1, deltaRotation: 0.2, thermostat },
      interactionType: {
        type: 'RelaxInteraction',
        relaxInteractionType: 'RNA_RELAX',
        relaxType: 'HARMONIC_FORCE',
        relaxStrength: 1,
      },
    },
  };
  const fleet = await Stager.enter(place);
  expect(await editor.submit(jobNew([old]))).toMatchObject({ initialStageSimSteps: [500] });
  const { input } = fleet.payload(await fleet.take());
  expect(input.split('\n')).toEqual(
    expect.arrayContaining([
      ...['sim_type = MC', 'backend = CPU', 'ensemble = nvt', 'delta_translation = 0.1', 'delta_rotation = 0.2'],
      ...['interaction_type = RNA_relax', 'relax_type = harmonic_force', 'relax_strength = 1', 'T = 30C', 'dt = 0.00001'],
      ...['print_conf_interval = 1', 'print_energy_every = 1', 'thermostat = brownian', 'newtonian_steps = 103'],
    ]),
  );
});

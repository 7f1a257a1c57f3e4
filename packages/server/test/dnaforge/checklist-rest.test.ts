import { expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/settings.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { admin, submit as submitOther } from '../engine/lib/yard.ts';
import { Editor, http, type SimJob } from './lib/client.ts';
import { Stager } from './lib/fleet.ts';
import { file, jobNew, manual, metadata, strand } from './lib/jobs.ts';
import { openPlace } from './lib/place.ts';
import { unzip } from './lib/unzip.ts';

const origin = 'http://localhost:8081';
const paths: readonly (readonly [string, string])[] = [
  ['GET', '/options/available'],
  ['GET', '/options/default'],
  ['GET', '/job'],
  ['POST', '/job'],
  ['GET', '/job/0'],
  ['PATCH', '/job/0'],
  ['DELETE', '/job/0'],
  ['GET', '/job/details/0'],
  ['GET', '/job/download/0'],
  ['GET', '/job/subscribe'],
  ['POST', '/job/subscribe/0'],
  ['DELETE', '/job/subscribe'],
];

test('dnaforge §8.1 the access token, as it stands, buys a token of 32 letters and digits; anything else is 401', async () => {
  await using place = await openPlace({ door: { accessToken: ' good ' } });
  for (const headers of [{}, { authorization: 'WrongToken' }, { authorization: 'Bearer good' }, { authorization: 'null' }]) {
    const { status, bytes } = await http(place.port, 'GET', '/auth', { headers: headers as Record<string, string> });
    expect([status, bytes.length]).toEqual([401, 0]);
  }
  const { status, text, headers } = await http(place.port, 'GET', '/auth', { headers: { authorization: 'good  ' } });
  expect(status).toBe(200);
  expect(text).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(headers['content-type']).toBe('text/plain; charset=UTF-8');
  // The client puts a slash too many where its address ends with one.
  expect((await http(place.port, 'GET', '//auth', { headers: { authorization: 'good' } })).status).toBe(200);
  // The editor's first try is no guess.
  expect(place.failures).toHaveLength(2);
});

test('dnaforge §8.1 §8.2 with no access token set, any and none is taken', async () => {
  await using place = await openPlace();
  for (const headers of [{}, { authorization: 'null' }]) {
    expect((await http(place.port, 'GET', '/auth', { headers: headers as Record<string, string> })).status).toBe(200);
  }
});

test('wrong access tokens are slowed down', async () => {
  await using place = await openPlace({ door: { accessToken: 'good' } });
  for (let i = 0; i < 10; i++) await http(place.port, 'GET', '/auth', { headers: { authorization: 'x' } });
  const { status, phrase } = await http(place.port, 'GET', '/auth', { headers: { authorization: 'good' } });
  expect([status, phrase]).toEqual([429, 'Too many wrong tokens; wait a minute']);
});

test('dnaforge §8.2 errors can be read by the page: they name its origin', async () => {
  await using place = await openPlace({ door: { accessToken: 'good' } });
  const editor = await Editor.enter(place.port, { access: 'good' });
  const faults = [
    await http(place.port, 'GET', '/auth', { headers: { origin, authorization: 'null' } }),
    await editor.call('GET', '/job/7', undefined, { origin }),
    await editor.call('POST', '/job', '{', { origin }),
    await editor.call('PUT', '/job', '{', { origin }),
  ];
  expect(faults.map(({ status }) => status)).toEqual([401, 404, 400, 405]);
  for (const { headers } of faults) {
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers.vary).toBe('Origin');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  }
});

test('dnaforge §8.3 pages of the list may ask with all methods, without a token; others may not', async () => {
  await using place = await openPlace();
  const ask = (from: string, method: string, path = '/job/3') =>
    http(place.port, 'OPTIONS', path, {
      headers: {
        origin: from,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type',
        'access-control-request-private-network': 'true',
      },
    });
  for (const from of [origin, 'https://dnaforge.org', 'http://127.0.0.1:8080']) {
    for (const [method, path] of [...paths, ['GET', '/auth'] as const]) {
      const { status, headers } = await ask(from, method, path);
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe(from);
      expect(headers['access-control-allow-methods']).toContain(method);
      expect(headers['access-control-allow-headers']?.toLowerCase()).toBe('authorization, content-type');
      expect(headers['access-control-allow-private-network']).toBe('true');
    }
  }
  for (const from of ['https://evil.example', 'http://localhost.evil.example', 'https://dnaforge.org.evil.example', 'null']) {
    expect((await ask(from, 'GET')).headers['access-control-allow-origin']).toBeUndefined();
    const real = await http(place.port, 'GET', '/auth', { headers: { origin: from } });
    expect([real.status, real.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  }
});

test('dnaforge §8.5 no address says anything without a token, not even that there is no such job', async () => {
  await using place = await openPlace();
  for (const authorization of ['', 'x'.repeat(32), 'Bearer']) {
    for (const [method, path] of paths) {
      const { status, bytes } = await http(place.port, method, path, { headers: { authorization } });
      expect([method, path, status, bytes.length]).toEqual([method, path, 401, 0]);
    }
  }
});

test('dnaforge §8.6 the options are those of 3.4, and tell nothing of oxDNA', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const { text, headers } = await editor.call('GET', '/options/available');
  expect(headers['content-type']).toBe('application/json');
  const lines: string[] = [];
  draw(JSON.parse(text), '', lines);
  expect(lines).toEqual(expectedOptions);
  for (const word of ['steps"', 'sim_type', 'DNA_relax', 'suffix', 'brownian"', 'rcut', 'CPU']) expect(text).not.toContain(word);
});

test('dnaforge §8.7 the default stages are those of 3.5; each is taken as it is', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const stages = await editor.json<ReturnType<typeof manual>[]>('GET', '/options/default');
  const value = (i: number, name: string) => stages[i]!.properties.find((one) => one.name === name)?.value;
  expect(stages.map(({ metadata }) => metadata.title)).toEqual([
    'First Relaxation Stage',
    'Second Relaxation Stage',
    'Third Relaxation Stage',
    'Simulation Stage',
  ]);
  expect(stages.map(({ autoExtendStage, maxExtensions }) => [autoExtendStage, maxExtensions])).toEqual([
    [true, 20],
    [true, 20],
    [false, 0],
    [false, 0],
  ]);
  expect(stages.map((_, i) => value(i, 'Steps'))).toEqual(['2000', '100', '1000', '1000000']);
  expect(stages.map((_, i) => Number(value(i, '\u0394T')))).toEqual([0.005, 0.00001, 0.005, 0.005]);
  expect(stages.map((_, i) => value(i, 'Print Interval'))).toEqual(['100', '10', '100', '10000']);
  expect(stages.map((_, i) => Number(value(i, 'Verlet Skin')))).toEqual([0.15, 0.5, 0.5, 0.05]);
  expect(stages.map((_, i) => value(i, 'External Forces'))).toEqual(['true', 'true', 'true', 'false']);
  expect(stages.map((_, i) => value(i, 'Interaction Type'))).toEqual([undefined, 'Relaxation', 'Relaxation', 'v1']);
  expect(stages.map((_, i) => value(i, 'Newtonian Steps'))).toEqual([undefined, '103', '1', '103']);
  const job = await editor.submit(jobNew(stages));
  expect(job).toMatchObject({ stages: 4, status: 'NEW', initialStageSimSteps: [2000, 100, 1000, 1_000_000] });
  const kept = await Promise.all([0, 1, 2, 3].map(async (i) => JSON.parse((await zipOf(editor, job.id))[`${i}/stage.json`]!)));
  expect(kept).toEqual(stages);
});

test('dnaforge §8.8 every input of the stage dialog has a default: none that is asked for in a branch is missing', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  interface Options {
    readonly entries: readonly { type: string; name: string; values: readonly (Options & { name: string })[] }[];
  }
  const tree = await editor.json<Options>('GET', '/options/available');
  const stages = await editor.json<ReturnType<typeof manual>[]>('GET', '/options/default');
  const walk = ({ entries }: Options, given: ReadonlyMap<string, string>): void => {
    for (const { type, name, values } of entries) {
      expect(given.has(name)).toBe(true);
      if (type === 'Property') continue;
      expect(values.length).toBeGreaterThan(0);
      walk(values.find((one) => one.name === given.get(name))!, given);
    }
  };
  for (const { properties } of stages) walk(tree, new Map(properties.map(({ name, value }) => [name, value])));
  expect(expectedOptions.filter((line) => line.includes('Salt Concentration')).map((line) => line.trim())).toHaveLength(5);
});

test('dnaforge §8.9 §8.10 a fresh server lists nothing; then jobs by ascending id, whatever ended first, and none of other kinds', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  expect((await editor.call('GET', '/job')).text).toBe('[]');
  expect((await editor.submit(jobNew())).id).toBe(0);
  expect((await editor.submit(jobNew())).id).toBe(1);
  expect((await editor.list()).map(({ id }) => id)).toEqual([0, 1]);
  const shell = await submitOther(place.yard, {});
  await editor.submit(jobNew());
  expect((await editor.list()).map(({ id }) => id)).toEqual([0, 1, 3]);
  await editor.call('PATCH', '/job/1');
  expect((await editor.list()).map(({ id, status }) => [id, status])).toEqual([
    [0, 'NEW'],
    [1, 'CANCELED'],
    [3, 'NEW'],
  ]);
  for (const [method, path] of paths.filter(([, path]) => path.endsWith('/0'))) {
    expect((await editor.call(method, path.replace('/0', `/${shell.job.id - 1}`))).status).toBe(404);
  }
  expect((await place.yard.engine.query.job(admin, shell.job.id)).value?.state).toBe('waiting');
  expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
});

test('dnaforge §8.11 a submission is answered by the job, which is there from then on', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const configs = [manual({ steps: 2000 }), manual({ steps: 10_000 })];
  const { status, headers, text } = await editor.call('POST', '/job', jobNew(configs));
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  expect(JSON.parse(text)).toEqual({
    metadata,
    id: 0,
    stages: 2,
    completedStages: 0,
    status: 'NEW',
    initialSimSteps: 12_000,
    simSteps: 12_000,
    progress: 0,
    initialStageSimSteps: [2000, 10_000],
    stageSimSteps: [2000, 10_000],
    stageProgress: [0, 0],
    extensions: [0, 0],
    error: null,
  });
  expect((await editor.call('GET', '/job/0')).text).toBe(text);
  expect(await editor.list()).toEqual([JSON.parse(text)]);
});

test('dnaforge §8.13 what names no job is not found, whatever is asked of it', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew());
  expect((await editor.json<SimJob>('GET', '/job/0')).id).toBe(0);
  for (const id of ['1', '4294967295', '4294967296', '-1', '00', '0x0', '1e0', 'abc', '99999999999999999999', '%20', '0.0']) {
    for (const [method, path] of paths.filter(([, path]) => path.endsWith('/0'))) {
      expect([id, (await editor.call(method, path.replace(/0$/, id))).status]).toEqual([id, 404]);
    }
  }
  expect((await editor.call('GET', '/job/0/1')).status).toBe(404);
  expect((await editor.call('PUT', '/job/0')).status).toBe(405);
});

test('dnaforge §8.14 the details of a new job are its files as they were submitted, with plain line ends', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const texts = { top: '4 1 5->3\r\nACGT type=DNA circular=false\r\n', dat: 't = 0\r\nb = 1', forces: '{\r\n}\r\n' };
  await editor.submit(jobNew([manual()], texts));
  const { job, ...files } = await editor.json<{ job: SimJob }>('GET', '/job/details/0');
  expect(job.status).toBe('NEW');
  expect(files).toEqual({ top: '4 1 5->3\nACGT type=DNA circular=false\n', dat: 't = 0\nb = 1', forces: '{\n}\n' });
});

test('dnaforge §8.14 later they are those where the last stage that is done ended', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew([manual(), manual()]));
  const fleet = await Stager.enter(place);
  const first = await fleet.take();
  await fleet.end(first, { files: { 'conf_end.dat': 'the end of stage 0' } });
  await fleet.take();
  expect(await editor.json('GET', '/job/details/0')).toMatchObject({ dat: 'the end of stage 0', job: { completedStages: 1 } });
});

async function zipOf(editor: Editor, id: number): Promise<Record<string, string>> {
  const { status, headers, bytes } = await editor.call('GET', `/job/download/${id}`);
  expect([status, headers['content-type'], headers['content-disposition']]).toEqual([
    200,
    'application/zip',
    'attachment; filename=download.zip',
  ]);
  return unzip(bytes);
}

test('dnaforge §8.15 the download is a zip with all files of all stages, those of extensions too', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const job = jobNew([manual(), manual()]);
  await editor.submit(job);
  expect(Object.keys(await zipOf(editor, 0)).sort()).toEqual([
    '0/stage.json',
    '1/stage.json',
    'conf_start.dat',
    'forces.forces',
    'job.json',
    'topology.top',
  ]);
  const fleet = await Stager.enter(place);
  const first = await fleet.take();
  const input = 'steps = 100\ntopology = topology.top\nexternal_forces_file = forces.forces\n';
  const left = { 'conf_end.dat': 'E', 'energy.dat': 'e', 'trajectory.ext0.dat': 't0', 'oxDNA.log': 'INFO: x' };
  await fleet.end(first, { extensions: 1, files: { ...left, 'input.properties': input } });
  await fleet.take();
  const files = await zipOf(editor, 0);
  expect(files).toMatchObject({
    'topology.top': job.top,
    'conf_start.dat': job.dat,
    '0/conf_start.dat': job.dat,
    '0/trajectory.ext0.dat': 't0',
    '0/oxDNA.log': 'INFO: x',
    '1/conf_start.dat': 'E',
    // It can be run where it is unpacked.
    '0/input.properties': 'steps = 100\ntopology = ../topology.top\nexternal_forces_file = ../forces.forces\n',
  });
  expect(JSON.parse(files['job.json']!)).toMatchObject({ id: 0, extensions: [1, 0], completedStages: 1 });
  const head = await editor.call('HEAD', '/job/download/0');
  expect([head.status, head.headers['content-type'], head.bytes.length]).toEqual([200, 'application/zip', 0]);
});

test('dnaforge §8.16 a job that waits is canceled at once; what has ended stays as it is', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew());
  const answer = await editor.call('PATCH', '/job/0');
  expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
  expect(await editor.json('GET', '/job/0')).toMatchObject({ status: 'CANCELED', error: null });
  expect((await editor.call('PATCH', '/job/0')).status).toBe(200);
  await Stager.enter(place);
  await editor.submit(jobNew());
  expect((await editor.list()).map(({ status }) => status)).toEqual(['CANCELED', 'RUNNING']);
});

test('dnaforge §8.17 what is deleted is gone', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew());
  await editor.submit(jobNew());
  expect((await editor.call('DELETE', '/job/0')).status).toBe(200);
  expect((await editor.call('DELETE', '/job/0')).status).toBe(404);
  expect((await editor.list()).map(({ id }) => id)).toEqual([1]);
});

test('dnaforge §8.18 one subscription for each client: none, the number, none', async () => {
  await using place = await openPlace();
  const [editor, other] = [await Editor.enter(place.port), await Editor.enter(place.port)];
  await editor.submit(jobNew());
  await editor.submit(jobNew());
  const watched = async (who: Editor): Promise<string> => {
    const { status, text } = await who.call('GET', '/job/subscribe');
    return `${status} ${text}`;
  };
  expect(await watched(editor)).toBe('204 ');
  for (const id of [0, 1]) {
    const { status, bytes } = await editor.call('POST', `/job/subscribe/${id}`);
    expect([status, bytes.length]).toEqual([200, 0]);
    expect(await watched(editor)).toBe(`200 ${id}`);
  }
  expect(await watched(other)).toBe('204 ');
  expect((await editor.call('DELETE', '/job/subscribe')).status).toBe(200);
  expect(await watched(editor)).toBe('204 ');
  expect((await editor.call('DELETE', '/job/subscribe')).status).toBe(200);
  await editor.call('POST', '/job/subscribe/1');
  await other.call('DELETE', '/job/1');
  expect(await watched(editor)).toBe('204 ');
});

test('dnaforge §8.24 a refused submission says why in its reason phrase, in ASCII', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const stages: readonly (readonly [object, string])[] = [
    [manual({ answers: { Steps: '1.5' } }), 'Stage 1: Steps must be a whole number from 1 to 4294967295'],
    [manual({ answers: { Steps: '0' } }), 'Stage 1: Steps must be a whole number from 1 to 4294967295'],
    [manual({ answers: { 'Print Interval': '0' } }), 'Stage 1: Print Interval must be a whole number from 1 to 4294967295'],
    [manual({ answers: { '\u0394T': 'NaN' } }), 'Stage 1: Delta T must be a number'],
    [manual({ answers: { '\u0394T': undefined } }), 'Stage 1: Delta T is missing'],
    [manual({ answers: { 'Temperature (\u00b0C)': 'warm' } }), 'Stage 1: Temperature (degrees C) must be a number'],
    [manual({ answers: { 'External Forces': 'yes' } }), 'Stage 1: External Forces must be true or false'],
    [manual({ answers: { 'Nucleic Acid': 'PNA' } }), 'Stage 1: Nucleic Acid must be one of: DNA, RNA, NA'],
    [manual({ answers: { 'Nucleic Acid': 'NA' } }), 'Stage 1: Salt Concentration is missing'],
    [file('T = 20C'), 'Stage 1: steps must be a whole number from 1 on'],
    [
      file('steps = 10\nplugin_search_path = .'),
      'Stage 1: "plugin_search_path" is not allowed here: stages name no files, outputs or plugins of their own',
    ],
    [file('steps = 10\nseed = /etc/passwd'), 'Stage 1: "seed" holds a path; stages name no files of their own'],
    [file('steps = 10\nT = $(x)'), 'Stage 1: "T" refers to other values; write the value itself'],
    [file('steps = 10\nbackend = CUDA'), 'Stage 1: backend = CUDA is not offered here; write backend = CPU'],
    [{ type: 'Strange' }, 'Stage 1: its type must be FileConfig or ManualConfig'],
  ];
  for (const [stage, sentence] of stages) {
    const { status, phrase, text, headers } = await editor.call('POST', '/job', jobNew([stage]));
    expect([phrase, status >= 400 && status < 500]).toEqual([sentence, true]);
    expect(text).not.toBe('');
    expect(headers['content-type']).toMatch(/^text\/plain/);
  }
  const second = await editor.call('POST', '/job', jobNew([manual(), manual({ answers: { 'Verlet Skin': '' } })]));
  expect(second.phrase).toBe('Stage 2: Verlet Skin must be a number');
  for (const [body, status] of [
    ['{', 400],
    ['[]', 400],
    ['', 400],
    [JSON.stringify({ ...jobNew(), configs: [] }), 422],
    [JSON.stringify({ ...jobNew(), configs: new Array(101).fill(manual()) }), 400],
    [JSON.stringify({ ...jobNew(), top: 7 }), 400],
    [JSON.stringify({ ...jobNew(), metadata: { a: 1 } }), 400],
    ['\xff', 400],
  ] as const) {
    expect([body.slice(0, 20), (await editor.call('POST', '/job', body)).status]).toEqual([body.slice(0, 20), status]);
  }
  expect(await editor.list()).toEqual([]);
});

test('dnaforge §8.25 a JSON content type without a body is no fault; 20,000 nucleotides go in, more than the limit does not', async () => {
  await using place = await openPlace({ limits: { bodyBytes: 8_000_000 } });
  const editor = await Editor.enter(place.port);
  const large = jobNew([manual()], { top: '', dat: strand(20_000).dat.padEnd(5_500_000, ' ') });
  expect((await editor.submit(large)).id).toBe(0);
  expect((await editor.json<{ dat: string }>('GET', '/job/details/0')).dat).toHaveLength(5_500_000);
  for (const [method, path] of [
    ['POST', '/job/subscribe/0'],
    ['PATCH', '/job/0'],
    ['DELETE', '/job/0'],
  ] as const) {
    expect((await editor.call(method, path, undefined, { 'content-length': '0' })).status).toBe(200);
  }
  const over = await editor.call('POST', '/job', 'x'.repeat(8_000_001)).catch(() => null);
  expect([413, null]).toContain(over?.status ?? null);
});

test('dnaforge §8.26 what fails here is 500, with a text that begins so', async () => {
  const around = (engine: Engine): Engine => ({
    ...engine,
    query: { ...engine.query, specs: () => Promise.reject(new Error('broken on purpose')) },
  });
  await using place = await openPlace({ around });
  const editor = await Editor.enter(place.port);
  const { status, text, headers } = await editor.call('POST', '/job', jobNew(), { origin });
  expect([status, headers['access-control-allow-origin']]).toEqual([500, origin]);
  expect(text).toMatch(/^500: /);
  expect(text).not.toContain('purpose');
  expect(place.lines.some(({ event }) => event === 'http.failed')).toBe(true);
});

test('dnaforge §8.27 unknown keys are left alone, what is missing has a default, nulls are written', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const odd = {
    ...manual({ maxExtensions: null }),
    colour: 'red',
    properties: manual().properties.map((one) => ({ ...one, x: 1 })),
  };
  const job = await editor.submit({ ...jobNew([odd]), strange: true });
  expect(job).toHaveProperty('error', null);
  expect(JSON.parse((await zipOf(editor, 0))['0/stage.json']!)).toEqual({ ...manual(), maxExtensions: 0 });
  const { metadata: _, ...bare } = jobNew([{ type: 'FileConfig', content: 'steps = 1e3 # so many\nT=20C;dt=0.1' }]);
  expect(await editor.submit(bare)).toMatchObject({ metadata: {}, initialStageSimSteps: [1000] });
  expect(JSON.parse((await zipOf(editor, 1))['0/stage.json']!)).toMatchObject({
    ...{ metadata: {}, createTrajectory: true, autoExtendStage: false, maxExtensions: 0 },
  });
});

test('dnaforge §8.28 the variables of the reference are taken where its own are set, and give way to ours', () => {
  const env = {
    ...{ DATADIR: '/data', HOST: '0.0.0.0', PORT: '8099', CUDA: 'true', LOGLEVEL: 'WARN', ACCESSTOKEN: 'x' },
    ...{ PARALLEL_JOBS: '3', TOKEN_GRACE: '20m', MAX_BODY: '128MiB', CORS_ORIGINS: 'https://a.example' },
  };
  const settings = (given: Record<string, string>) => resolveSettings({ flags: {}, env: given, file: null }).settings;
  expect(settings(env)).toMatchObject({
    ...{ data: '/data', host: ['0.0.0.0'], port: 8099, 'log-level': 'warn' },
    ...{ 'dnaforge.cuda': true, 'dnaforge.access-token': 'x', 'dnaforge.parallel-jobs': 3 },
    ...{ 'dnaforge.token-grace': 1_200_000, 'dnaforge.max-body': 134_217_728, 'dnaforge.origins': ['https://a.example'] },
  });
  expect(settings({ ...env, SWITCHYARD_PORT: '1234' })?.port).toBe(1234);
  // Of a shell or another program's: without the one that the reference cannot do without, they say nothing to us.
  const { DATADIR: _, ...others } = env;
  expect(settings(others)).toMatchObject({ host: ['127.0.0.1', '::1'], port: 8080, 'log-level': 'info' });
  expect(settings({ ...env, HOST: '' })?.host).toEqual(['127.0.0.1', '::1']);
});

interface Node {
  readonly type?: string;
  readonly name: string;
  readonly valueType?: string;
  readonly entries?: readonly Node[];
  readonly values?: readonly Node[];
}

/** The tree as lines, indented as in the specification. */
function draw({ type, name, valueType, entries, values }: Node, indent: string, lines: string[]): void {
  const kind = { UNSIGNED_INTEGER: ' U', FLOAT: ' F', BOOLEAN: ' B' }[valueType ?? ''] ?? '';
  lines.push(`${indent}${type === 'Container' ? '[' : ''}${name}${type === 'Container' ? ']' : ''}${kind}`);
  if (type === undefined && entries === undefined) throw new Error(`${name} has no entries`);
  for (const below of [...(entries ?? []), ...(values ?? [])]) draw(below, `${indent}  `, lines);
}

const nucleic = (indent: string, ...names: string[]): string[] => [
  `${indent}[Nucleic Acid]`,
  ...names.flatMap((name) => (name === 'NA+' ? [`${indent}  NA`, `${indent}    Salt Concentration F`] : [`${indent}  ${name}`])),
];
const interaction = (indent: string): string[] => [
  `${indent}[Interaction Type]`,
  `${indent}  Relaxation`,
  `${indent}    Relax Strength F`,
  ...nucleic(`${indent}    `, 'DNA', 'RNA', 'NA+'),
  `${indent}    [Relaxation Force]`,
  `${indent}      Constant Force`,
  `${indent}      Harmonic Force`,
  `${indent}  v1`,
  ...nucleic(`${indent}    `, 'DNA', 'RNA'),
  `${indent}  v2`,
  `${indent}    Salt Concentration F`,
  ...nucleic(`${indent}    `, 'DNA', 'RNA', 'NA'),
];
const thermostat = (indent: string): string[] => [
  `${indent}[Thermostat]`,
  `${indent}  Brownian Thermostat`,
  `${indent}    Newtonian Steps U`,
  `${indent}    Momentum-Refresh-Probability F`,
  `${indent}    Base Diffusion Coefficient F`,
];
const expectedOptions: readonly string[] = [
  'Manual Config',
  '  Steps U',
  '  \u0394T F',
  '  Temperature (\u00b0C) F',
  '  Max. Backbone Force F',
  '  Max. Backbone Force Far F',
  '  Verlet Skin F',
  '  External Forces B',
  '  Print Interval U',
  '  [Simulation Type]',
  '    Potential Energy Minimization',
  ...nucleic('      ', 'DNA', 'RNA', 'NA+'),
  '    Monte Carlo Simulation',
  '      \u0394Translation F',
  '      \u0394Rotation F',
  ...interaction('      '),
  ...thermostat('      '),
  '    Molecular Dynamics Simulation',
  ...interaction('      '),
  ...thermostat('      '),
];

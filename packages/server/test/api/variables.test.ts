import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { VariableRequest } from '@switchyard/sdk/variable.ts';
import { describe, expect, test } from 'vitest';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';
import { hello, socketWorker } from './lib/socket-worker.ts';

const render: VariableRequest = {
  direction: 'twoway',
  values: [
    { platforms: ['linux', 'darwin'], audience: 'all', value: '/mnt/render/' },
    { platforms: ['windows'], audience: 'all', value: 'R:' },
  ],
};

const code = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ApiError)) throw new Error(`no refusal: ${String(error)}`);
  return `${error.code} ${error.message}`;
};

const job = (more: object = {}) => ({
  kind: 'blender-render',
  spec: { filepath: '/mnt/render/a.blend', render_output: '/mnt/render/a/####', frames: '1-4', chunk_size: 2, ...more },
});

/** The commands of the first task that a worker of this platform is given, as it gets them. */
async function given(place: ApiYard, platform: string, instance: string): Promise<Record<string, unknown>> {
  await using worker = await socketWorker(place.listener.url);
  const total = { slots: 1, cpus: 1, ramMb: 1_000, named: {} };
  worker.say(hello({ instance, kinds: ['blender-render'], tags: [], total, info: { platform } }));
  const { task } = await worker.hear('run');
  expect(task.kind).toBe('blender-render');
  return (task.body.payload as { commands: { settings: Record<string, unknown> }[] }).commands[0]!.settings;
}

test('a yard that wants no command lines on its render workers takes none, and all else (flamenco §8 C6)', async () => {
  await using place = await openApiYard({ commandLines: false });
  const { jobs } = place.as('ada');
  const task = (type: string, name: string) => ({
    key: 'one',
    type,
    commands: [{ name, settings: { message: '"exec"', cmd: 'x' } }],
  });
  const commands = (type: string, name: string) => jobs.submit({ kind: 'commands', spec: { tasks: [task(type, name)] } });
  expect(await code(jobs.submit({ kind: 'exec-command', spec: { cmd: 'true' } }))).toContain('forbidden');
  expect(await code(commands('sleep', 'exec'))).toContain('Task one runs a command line');
  expect(await code(commands('debug', 'echo'))).toContain('forbidden');
  await commands('sleep', 'echo');
  await jobs.submit({ spec: { argv: ['exec'], cwd: '/' } });
});

describe('variables', () => {
  test('are set, listed, replaced and removed by those who may steer workers; who did it is kept', async () => {
    await using place = await openApiYard();
    const { variables } = place.as('operator');
    const names = async () => (await place.as('viewer').variables.list()).map(({ name, usual }) => `${name} ${usual}`);
    expect(await names()).toEqual(['blender true', 'ffmpeg true']);
    expect(await variables.set('render', render)).toMatchObject({ name: 'render', direction: 'twoway', usual: false });
    await variables.set('blender', { values: [{ platforms: ['linux'], audience: 'all', value: '/opt/blender' }] });
    expect(await names()).toEqual(['blender false', 'ffmpeg true', 'render false']);
    await variables.set('render', { values: [{ platforms: ['linux'], audience: 'all', value: 'x' }] });
    expect((await variables.list()).find(({ name }) => name === 'render')).toMatchObject({ direction: 'oneway' });
    await variables.remove('render');
    expect(await code(variables.remove('render'))).toContain('not_found');
    expect(await code(place.as('ada').variables.set('render', render))).toContain('forbidden');
    const { entries } = await place.as('admin').audit();
    expect(entries.filter(({ subject }) => subject === 'variable render').length).toBeGreaterThanOrEqual(3);
  });

  test('outlive a restart', async () => {
    await using place = await openApiYard();
    await place.as('operator').variables.set('render', render);
    await place.yard.restart();
    expect(place.yard.engine.variables.all.get('render')).toMatchObject({ direction: 'twoway' });
  });

  test('names and values that make no sense are refused, with a sentence', async () => {
    await using place = await openApiYard();
    const { variables } = place.as('operator');
    const value = (text: string) => ({ platforms: ['linux' as const], audience: 'all' as const, value: text });
    for (const name of ['1x', 'a b', 'a{b', 'item', 'index'])
      expect(await code(variables.set(name, { values: [value('x')] }))).toContain('invalid');
    expect(await code(variables.set('x', { values: [value('a'), value('b')] }))).toContain('two values for linux, all');
    expect(await code(variables.set('x', { values: [value('a\0')] }))).toContain('zero byte');
    for (const path of ['render', '//nas/render', '\\\\nas\\render', '/']) {
      expect(await code(variables.set('x', { direction: 'twoway', values: [value(path)] }))).toContain('absolute folders');
    }
    expect(await code(variables.set('x', { values: [] }))).toContain('malformed');
  });

  test('flamenco §9.23 a worker of ours gets the values of its own platform, also of the last moment', async () => {
    await using place = await openApiYard();
    await place.as('operator').variables.set('render', render);
    const { job: made } = await place.as('ada').jobs.submit(job());
    expect(made.state).toBe('waiting');
    expect(await given(place, 'linux', 'instance-linux')).toMatchObject({
      blender_cmd: 'blender',
      filepath: '/mnt/render/a.blend',
      frames: '1,2',
    });
    await place
      .as('operator')
      .variables.set('blender', { values: [{ platforms: ['windows'], audience: 'all', value: 'B:/blender.exe' }] });
    await place.as('ada').jobs.submit(job());
    expect(await given(place, 'win32', 'instance-windows')).toMatchObject({
      blender_cmd: 'B:/blender.exe',
      filepath: 'R:/a.blend',
    });
  });

  test('a worker that is connected gets what was set meanwhile', async () => {
    await using place = await openApiYard();
    for (let i = 0; i < 2; i++) await place.as('ada').jobs.submit(job({ chunk_size: 4 }));
    await using worker = await socketWorker(place.listener.url);
    const total = { slots: 1, cpus: 1, ramMb: 1_000, named: {} };
    worker.say(hello({ kinds: ['blender-render'], tags: [], total, info: { platform: 'linux' } }));
    const program = (task: { body: { payload: unknown } }) =>
      (task.body.payload as { commands: { settings: { blender_cmd: string } }[] }).commands[0]?.settings.blender_cmd;
    const first = await worker.hear('run');
    expect(program(first.task)).toBe('blender');
    await place.as('operator').variables.set('blender', { values: [{ platforms: ['linux'], audience: 'all', value: '/opt/b' }] });
    const { task, attempt } = first.task;
    worker.say({ m: 'end', task, attempt, outcome: 'succeeded', reason: null, exitCode: 0, signal: null, error: null });
    expect(program((await worker.hear('run', 2)).task)).toBe('/opt/b');
  });

  test('a job names none that nobody knows', async () => {
    await using place = await openApiYard();
    expect(await code(place.as('ada').jobs.submit(job({ filepath: '{render}/a.blend' })))).toContain(
      'there is no variable {render}',
    );
    await place.as('operator').variables.set('render', render);
    await place.as('ada').jobs.submit(job({ filepath: '{render}/a.blend' }));
  });
});

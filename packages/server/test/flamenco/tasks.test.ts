import { describe, expect, it } from 'vitest';
import { action, echo, exec, linesOf, logOf, report, sleep, stateOf, submit, taskOf } from './lib/jobs.ts';
import { admin, openPlace, type Place } from './lib/place.ts';
import type { ScriptedOptions, ScriptedWorker } from './lib/scripted-worker.ts';

const second = 1_000;
const basicOf = ({ disk }: ScriptedWorker) => ({
  authorization: `Basic ${Buffer.from(`${disk.id}:${disk.secret}`).toString('base64')}`,
});
const callsTo = ({ calls }: ScriptedWorker, path: RegExp) => calls.filter((call) => path.test(call.path));

/** A worker that is registered and idle. */
async function ready(place: Place, options: Partial<ScriptedOptions> = {}): Promise<ScriptedWorker> {
  const worker = place.worker(options);
  worker.start();
  await place.pass(second);
  return worker;
}

describe('a task runs', () => {
  it('flamenco §9.8 echo, sleep, exec: log in order, progress by command, completed', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ key: 'one', commands: [echo('hello'), sleep(20), exec('true')] }]);
    const [id = 0] = tasks;
    const seen: number[] = [];
    place.engine.onProgress(id, (_, { done }) => seen.push(done));
    const worker = await ready(place);
    await place.pass(16 * second);
    expect(await report(place)).toMatchObject({ current_task_status: 'active' });
    expect(place.engine.lastProgress(id)).toMatchObject({ done: 33, total: 100, unit: '%' });
    await place.pass(10 * second);
    expect(await stateOf(place, id)).toBe('succeeded');
    expect(linesOf(await logOf(place, id))).toEqual(['hello', 'echo: Finished', 'sleep: Finished', 'exec: Finished']);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const shown = await place.engine.query.task(admin, id);
    expect(JSON.parse(shown.value!.attempt!.result!)).toEqual({ timing: { total: 20 } });
    expect(worker.disk.queue).toEqual([]);
    expect(await report(place)).not.toHaveProperty('current_task');
  });

  it('the log begins with who got the task, and what Blender says of frames is shown as progress', async () => {
    await using place = await openPlace();
    const render = { name: 'blender_render', settings: { filepath: '/a.blend', frames: '1..4' } };
    const { tasks } = await submit(place, [{ kind: 'blender-render', commands: [render] }]);
    const [id = 0] = tasks;
    const worker = await ready(place, { exec: () => ({ lines: ['Fra:1 Mem:9M', 'Fra:3 Mem:9M | Sample 3/4'], hang: true }) });
    await place.pass(16 * second);
    expect(place.engine.lastProgress(id)).toEqual({ done: 50, total: 100, unit: '%', phase: 'frame 3' });
    const text = await (await place.ask(`/logfile/${worker.ran[0]!.job}/${worker.ran[0]!._id}`)).text();
    expect(text).toMatch(/^2026-01-01T\S+\+00:00: Switchyard assigned task \w+ to worker render-01\n/);
  });

  it('flamenco §9.9 a failing exec is soft-failed with a second eligible worker around, failed without', async () => {
    await using place = await openPlace();
    const alone = await ready(place, { exec: () => ({ code: 1 }) });
    const first = await submit(place, [{ commands: [exec('false')] }]);
    await place.pass(8 * second);
    expect(await stateOf(place, first.tasks[0]!)).toBe('failed');
    const other = await ready(place, { nickname: 'other' });
    await alone.terminate();
    await other.terminate();
    const second2 = await submit(place, [{ commands: [exec('false')] }]);
    const again = place.worker({ disk: alone.disk, exec: () => ({ code: 1 }) });
    again.start();
    await place.pass(8 * second);
    // The other one is offline, and counts all the same (flamenco §5.3).
    expect(await taskOf(place, second2.tasks[0]!)).toMatchObject({ state: { state: 'ready' }, failures: 1 });
    expect(again.ran).toHaveLength(1);
    const back = place.worker({ disk: other.disk, nickname: 'other' });
    back.start();
    await place.pass(8 * second);
    expect(await stateOf(place, second2.tasks[0]!)).toBe('succeeded');
    expect(again.ran).toHaveLength(1);
  });

  it('flamenco §9.10 after 3 failures on one job and type the worker is blacklisted there, and still gets other work', async () => {
    await using place = await openPlace();
    await (await ready(place, { nickname: 'other' })).terminate();
    const bad = await ready(place, { exec: (cmd) => ({ code: cmd === 'bad' ? 1 : 0 }) });
    const { tasks } = await submit(
      place,
      Array.from({ length: 5 }, () => ({ commands: [exec('bad')] })),
    );
    await place.pass(40 * second);
    expect(bad.ran).toHaveLength(3);
    const [line] = (await report(place, 'render-01')).blacklist as Record<string, string>[];
    expect(line).toMatchObject({ worker_id: bad.disk.id, task_type: 'debug', job_id: bad.ran[0]!.job });
    expect(await Promise.all(tasks.map((id) => stateOf(place, id)))).toEqual(Array(5).fill('ready'));
    await submit(place, [{ commands: [exec('good')] }]);
    await place.pass(8 * second);
    expect(bad.ran).toHaveLength(4);
    const fields = { action: 'forget-blacklist-line', job_id: line!.job_id!, task_type: 'debug' };
    expect((await action(place, bad.disk.id, fields)).status).toBe(204);
    expect(await report(place, 'render-01')).not.toHaveProperty('blacklist');
    await place.pass(8 * second);
    expect(bad.ran.length).toBeGreaterThan(4);
  });

  it('flamenco §9.11 an unknown command or bad setting ends as failed with the worker’s message', async () => {
    await using place = await openPlace();
    await ready(place);
    const { tasks } = await submit(place, [
      { commands: [{ name: 'log_a_message', settings: {} }] },
      { commands: [{ name: 'echo', settings: { message: 5 } }] },
    ]);
    await place.pass(12 * second);
    const errors = await Promise.all(tasks.map(async (id) => (await place.engine.query.task(admin, id)).value!.attempt!.error));
    expect(errors).toEqual(['Unknown command name: log_a_message', 'echo: Invalid settings: Missing "message" setting']);
    expect(await stateOf(place, tasks[0]!)).toBe('failed');
  });

  it('flamenco §9.12 the late, blank update after a failure changes nothing but the log', async () => {
    await using place = await openPlace();
    const worker = await ready(place, { exec: () => ({ code: 1 }) });
    const { tasks } = await submit(place, [{ commands: [exec('false')] }]);
    await place.pass(8 * second);
    const before = await taskOf(place, tasks[0]!);
    const late = {
      activity: '',
      current_command_idx: 0,
      task_progress_percentage: 0,
      command_progress_percentage: 0,
      log: 'late line',
    };
    worker.queue(worker.ran[0]!._id, late);
    worker.queue(worker.ran[0]!._id, { ...late, task_status: 'active', log: 'later line' });
    await place.pass(second);
    expect(worker.disk.queue).toEqual([]);
    expect(await taskOf(place, tasks[0]!)).toEqual(before);
    expect(place.engine.lastProgress(tasks[0]!)).toBeNull();
    expect((await logOf(place, tasks[0]!)).endsWith('late line\nlater line\n')).toBe(true);
    const shown = await place.engine.query.task(admin, tasks[0]!);
    expect(shown.value!.attempt!.error).toBe('exec: Command failed with status 1');
  });

  it('flamenco §9.14 cancelling stops the subprocess within 6 s, the task ends canceled, the worker goes on', async () => {
    await using place = await openPlace();
    const worker = await ready(place, { exec: () => ({ hang: true }) });
    const { job, tasks } = await submit(place, [{ commands: [exec('forever')] }]);
    await place.pass(7 * second);
    expect(worker.running).not.toBeNull();
    await place.engine.command(admin, 'cancel', { job, kill: true });
    expect(await stateOf(place, tasks[0]!)).toBe('stopping');
    expect(await report(place)).toMatchObject({ current_task_status: 'cancel-requested' });
    await place.pass(6 * second);
    expect(worker.running).toBeNull();
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'canceled', reason: 'user' } });
    expect(callsTo(worker, /return$/)).toMatchObject([{ status: 204 }]);
    const next = await submit(place, [{}]);
    await place.pass(8 * second);
    expect(await stateOf(place, next.tasks[0]!)).toBe('succeeded');
  });

  it('a cancel whose worker never reacts is forced', async () => {
    await using place = await openPlace();
    const worker = await ready(place, { exec: () => ({ hang: true }) });
    const { job, tasks } = await submit(place, [{ commands: [exec('forever')] }]);
    await place.pass(7 * second);
    worker.mayIRunDead = true;
    await place.engine.command(admin, 'cancel', { job, kill: true });
    await place.pass(61 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('canceled');
    // It still sends updates: they go to the log, and are taken.
    await place.pass(30 * second);
    expect(worker.disk.queue).toEqual([]);
  });

  it('flamenco §9.25 job priority, then task priority, then age; children wait for all parents', async () => {
    await using place = await openPlace();
    const low = await submit(place, [
      { key: 'a', commands: [echo('low old')] },
      { key: 'b', commands: [echo('low new')] },
      { key: 'c', commands: [echo('low but urgent')], priority: 9 },
    ]);
    await submit(
      place,
      [
        { key: 'p1', commands: [echo('parent 1')] },
        { key: 'p2', commands: [echo('parent 2')] },
        { key: 'child', commands: [echo('child')], after: [0, 1], priority: 99 },
      ],
      { priority: 50 },
    );
    const worker = await ready(place);
    await place.pass(40 * second);
    expect(worker.ran.map(({ commands }) => commands[0]!.settings.message)).toEqual([
      'parent 1',
      'parent 2',
      'child',
      'low but urgent',
      'low old',
      'low new',
    ]);
    expect(await stateOf(place, low.tasks[0]!)).toBe('succeeded');
  });

  it('flamenco §9.26 re-running a task rotates its log; /logfile shows only the latest', async () => {
    await using place = await openPlace();
    let run = 0;
    const worker = await ready(place, { exec: () => ({ lines: [`run ${++run}`] }) });
    const { tasks } = await submit(place, [{ commands: [exec('x')] }]);
    const [id = 0] = tasks;
    await place.pass(8 * second);
    await place.engine.command(admin, 'retryTask', { task: id });
    await place.pass(8 * second);
    expect(linesOf(await logOf(place, id, 1))[0]).toContain('run 1');
    const text = await (await place.ask(`/logfile/${worker.ran[0]!.job}/${worker.ran[0]!._id}`)).text();
    expect(text).toContain('run 2');
    expect(text).not.toContain('run 1');
  });

  it('flamenco §9.23 {blender} and path variables reach Linux and Windows workers with their own values', async () => {
    await using place = await openPlace();
    const value = (platform: 'linux' | 'windows', text: string) => ({
      platforms: [platform],
      audience: 'all' as const,
      value: text,
    });
    await place.engine.variables.set(admin, 'blender', {
      direction: 'oneway',
      values: [value('linux', '/opt/blender/blender'), value('windows', 'B:/blender.exe')],
    });
    await place.engine.variables.set(admin, 'render', {
      direction: 'twoway',
      values: [value('linux', '/render/'), value('windows', 'R:/out')],
    });
    const nested = { name: 'x', settings: { blender_cmd: '{blender} -b', out: '{render}/a {none}', deep: ['{blender}'], n: 1 } };
    const windows = await ready(place, { nickname: 'win', platform: 'windows', taskTypes: ['sleep'] });
    const linux = await ready(place, { nickname: 'lin', taskTypes: ['debug'] });
    await submit(place, [
      { kind: 'sleep', commands: [nested] },
      { kind: 'debug', commands: [nested] },
    ]);
    await place.pass(8 * second);
    expect(windows.ran[0]!.commands[0]!.settings).toEqual({
      ...{ blender_cmd: 'B:/blender.exe -b', out: 'R:/out/a {none}', deep: ['{blender}'], n: 1 },
    });
    expect(linux.ran[0]!.commands[0]!.settings).toEqual({
      ...{ blender_cmd: '/opt/blender/blender -b', out: '/render/a {none}', deep: ['{blender}'], n: 1 },
    });
  });

  it('flamenco §9.29 a worker that loses ownership gets 409, and its queue goes on draining', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(300)] }]);
    const slow = await ready(place);
    await place.pass(2 * second);
    expect(slow.ran).toHaveLength(1);
    slow.network = 'down';
    await place.pass(65 * second);
    const other = await ready(place, { nickname: 'other' });
    await place.pass(6 * second);
    expect(other.ran).toHaveLength(1);
    slow.network = 'fine';
    await place.pass(20 * second);
    expect(callsTo(slow, /update$/).some(({ status }) => status === 409)).toBe(true);
    expect(slow.disk.queue).toEqual([]);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'running' }, attempt: 2 });
    expect(await logOf(place, tasks[0]!, 2)).not.toContain('render-01');
  });

  it('flamenco §9.30 two workers asking at the same moment never get the same task', async () => {
    await using place = await openPlace();
    const workers = await Promise.all(Array.from({ length: 8 }, (_, i) => ready(place, { nickname: `w${i}` })));
    for (const worker of workers) worker.kill();
    const { tasks } = await submit(
      place,
      Array.from({ length: 5 }, () => ({})),
    );
    const given = await Promise.all(
      workers.map(async (worker) => {
        const reply = await place.ask('/task', { method: 'POST', token: null, headers: basicOf(worker) });
        return reply.status === 200 ? ((await reply.json()) as { _id: string })._id : null;
      }),
    );
    const got = given.filter((id) => id !== null);
    expect(got).toHaveLength(tasks.length);
    expect(new Set(got).size).toBe(tasks.length);
  });

  it('a worker without task types gets 406; foreign kinds are not its own', async () => {
    await using place = await openPlace();
    const none = await ready(place, { taskTypes: [] });
    expect(callsTo(none, /^\/task$/)).toMatchObject([{ status: 406 }]);
    const odd = await ready(place, {
      nickname: 'odd',
      taskTypes: ['shell', 'oxdna', 'print', 'my-own', 'a b', 'x'.repeat(70), 'my-own'],
    });
    expect(await report(place, 'odd')).toMatchObject({ supported_task_types: ['my-own'] });
    await submit(place, [{ kind: 'my-own' }]);
    await place.pass(8 * second);
    expect(odd.ran).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import { action, echo, exec, linesOf, logOf, report, sleep, stateOf, submit } from './lib/jobs.ts';
import { admin, openPlace } from './lib/place.ts';
import { freshDisk, type ScriptedWorker, token } from './lib/scripted-worker.ts';

const second = 1_000;
const count = ({ calls }: ScriptedWorker, path: string, status?: number): number =>
  calls.filter((call) => call.path === path && (status === undefined || call.status === status)).length;

describe('a worker comes and goes', () => {
  it('flamenco §9.2 registers on an open server, and keeps our id of 24 hex digits', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(6 * second);
    expect(worker.disk.id).toMatch(/^[0-9a-f]{24}$/);
    // At a first start there is no sign-on.
    expect(worker.calls.map(({ path }) => path)).toEqual(['/register-worker', '/task', '/task']);
    expect(await report(place)).toMatchObject({ _id: worker.disk.id, nickname: 'render-01', status: 'awake', platform: 'linux' });
  });

  it('flamenco §9.3 with the right registration secret it registers, with a wrong or no one it gets 403 and exits', async () => {
    await using place = await openPlace({ registrationSecret: ' open sesame ' });
    const right = place.worker({ registrationSecret: 'open sesame' });
    const wrong = place.worker({ registrationSecret: 'open barley' });
    const none = place.worker();
    for (const worker of [right, wrong, none]) worker.start();
    await place.pass(second);
    expect(right.state).toBe('awake');
    for (const worker of [wrong, none]) {
      expect(worker.calls).toMatchObject([{ path: '/register-worker', status: 403 }]);
      expect(worker.exitCode).toBe(1);
    }
  });

  it('registration tokens: other algorithms, old ones and ones of tomorrow are refused; clocks may be 5 min wrong', async () => {
    await using place = await openPlace({ registrationSecret: 'open sesame' });
    const now = place.clock.now();
    let n = 0;
    const register = async (bearer: string): Promise<number> => {
      const body = JSON.stringify({
        secret: `${'s'.repeat(60)}${n++}`,
        platform: 'linux',
        supported_task_types: [],
        nickname: 'n',
      });
      return (await place.ask('/register-worker', { method: 'POST', body, token: bearer })).status;
    };
    const minute = 60_000;
    expect(await register(token('open sesame', now - 19 * minute))).toBe(200);
    expect(await register(token('open sesame', now + 4 * minute))).toBe(200);
    expect(await register(token('open sesame', now - 21 * minute))).toBe(403);
    expect(await register(token('open sesame', now, { alg: 'none' }))).toBe(403);
    expect(await register(token('open sesame', now, { alg: 'HS512' }))).toBe(403);
    expect(await register('a.b.c')).toBe(403);
  });

  it('one that is started anew every second with a wrong secret is told to wait, and the right one still comes in', async () => {
    await using place = await openPlace({ registrationSecret: 'open sesame' });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const worker = place.worker({ registrationSecret: 'wrong' });
      worker.start();
      await place.pass(second);
      statuses.push(worker.calls[0]!.status);
      worker.kill();
    }
    expect(statuses).toEqual([...Array(10).fill(403), 429, 429]);
    const right = place.worker({ registrationSecret: 'open sesame' });
    right.start();
    await place.pass(second);
    expect(right.state).toBe('awake');
  });

  it('flamenco §9.4 after a restart it signs on, shows as starting, then awake', async () => {
    await using place = await openPlace();
    const first = place.worker();
    first.start();
    await place.pass(second);
    await first.terminate();
    expect(await report(place)).toMatchObject({ status: 'offline' });
    const again = place.worker({ disk: first.disk, nickname: 'renamed' });
    const seen: unknown[] = [];
    const basic = { authorization: `Basic ${Buffer.from(`${first.disk.id}:${first.disk.secret}`).toString('base64')}` };
    const signedOn = await place.ask('/sign-on', {
      method: 'POST',
      token: null,
      headers: basic,
      body: JSON.stringify({ nickname: 'renamed', supported_task_types: [] }),
    });
    expect(signedOn.status).toBe(204);
    seen.push((await report(place)).status);
    again.start();
    await place.pass(10 * second);
    seen.push((await report(place)).status);
    expect(seen).toEqual(['starting', 'awake']);
    expect(again.calls.slice(0, 2)).toMatchObject([
      { path: '/sign-on', status: 204 },
      { path: '/task', status: 204 },
    ]);
    expect(await report(place)).toMatchObject({ nickname: 'renamed', _id: first.disk.id });
  });

  it('flamenco §9.5 after our worker table is wiped, a restarted worker registers anew by itself', async () => {
    await using place = await openPlace();
    const first = place.worker();
    first.start();
    await place.pass(second);
    const before = first.disk.id;
    await first.terminate();
    expect((await action(place, before, { action: 'forget-worker' })).status).toBe(204);
    const again = place.worker({ disk: first.disk });
    again.start();
    await place.pass(6 * second);
    expect(again.calls.map(({ path, status }) => `${path} ${status}`).slice(0, 3)).toEqual([
      '/sign-on 401',
      '/register-worker 200',
      '/sign-on 204',
    ]);
    expect(again.disk.id).not.toBe(before);
    expect(again.state).toBe('awake');
  });

  it('flamenco §9.6 POST /task without body or Content-Type gives 204 when idle, again every 5 s', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(21 * second);
    const asked = worker.calls.filter(({ path }) => path === '/task');
    expect(asked.map(({ at }) => at - asked[0]!.at)).toEqual([0, 5, 10, 15, 20].map((s) => s * second));
    expect(asked.every(({ status }) => status === 204)).toBe(true);
  });

  it('flamenco §9.7 GET /task behaves the same', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    worker.kill();
    const headers = { authorization: `Basic ${Buffer.from(`${worker.disk.id}:${worker.disk.secret}`).toString('base64')}` };
    const get = () => place.ask('/task', { token: null, headers });
    expect((await get()).status).toBe(204);
    const { tasks } = await submit(place, [{ commands: [echo('hi')] }]);
    const given = await get();
    expect(given.status).toBe(200);
    expect(await given.json()).toMatchObject({ status: 'active', commands: [echo('hi')], task_type: 'debug' });
    expect(await stateOf(place, tasks[0]!)).toBe('running');
  });

  it('flamenco §9.16 shutdown: it signs off, shows offline, and is not told again after its next start', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    expect((await action(place, worker.disk.id, { action: 'shutdown', lazy: 'true' })).status).toBe(204);
    await place.pass(6 * second);
    expect(worker).toMatchObject({ state: 'ended', exitCode: 0 });
    expect(count(worker, '/sign-off', 204)).toBe(1);
    expect(await report(place)).toMatchObject({ status: 'offline', status_requested: '' });
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(20 * second);
    expect(again.state).toBe('awake');
    expect(count(again, '/task', 423)).toBe(0);
  });

  it('flamenco §9.16 a worker that was killed before it could obey is not told to shut down at its next start either', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    worker.kill();
    await action(place, worker.disk.id, { action: 'shutdown' });
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(20 * second);
    expect(again.state).toBe('awake');
  });

  it('flamenco §9.17 a worker that was asleep at sign-off falls asleep again after its next start', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    await action(place, worker.disk.id, { action: 'set-status', status: 'asleep' });
    await place.pass(6 * second);
    expect(worker.state).toBe('asleep');
    await worker.terminate();
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(2 * second);
    expect(again.state).toBe('asleep');
    expect(count(again, '/task', 423)).toBe(1);
    expect(await report(place)).toMatchObject({ status: 'asleep', status_requested: '' });
  });

  it('one that was killed while it slept sleeps on after its next start', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    await action(place, worker.disk.id, { action: 'set-status', status: 'asleep' });
    await place.pass(6 * second);
    worker.kill();
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(2 * second);
    expect(again.state).toBe('asleep');
  });

  it('flamenco §9.27 a network break longer than the worker timeout: timeout, then awake, one fetch loop, no stuck request', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(2 * second);
    worker.network = 'down';
    await place.pass(65 * second);
    expect(await report(place)).toMatchObject({ status: 'timeout' });
    worker.network = 'fine';
    await place.pass(12 * second);
    expect(await report(place)).toMatchObject({ status: 'awake', status_requested: '' });
    const from = worker.calls.length;
    await place.pass(30 * second);
    expect(worker.calls.slice(from).filter(({ path }) => path === '/task')).toHaveLength(6);
    expect(worker.mostFetchLoops).toBe(1);
  });

  it('flamenco §9.27 the same in mid-task: the task goes to another worker, and this one is told to stop it', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(600)] }]);
    const worker = place.worker();
    worker.start();
    await place.pass(7 * second);
    worker.network = 'down';
    await place.pass(65 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('ready');
    const other = place.worker({ nickname: 'other' });
    other.start();
    await place.pass(2 * second);
    expect(other.ran).toHaveLength(1);
    worker.network = 'fine';
    await place.pass(20 * second);
    expect(worker.running).toBeNull();
    expect(worker.mostFetchLoops).toBe(1);
    expect(await report(place, 'render-01')).toMatchObject({ status: 'awake' });
    expect(await stateOf(place, tasks[0]!)).toBe('running');
  });

  it('flamenco §9.28 --test shows testing, the test task runs; --single exits after one task with a sign-off', async () => {
    await using place = await openPlace();
    const tested = place.worker({ test: true, exec: () => ({ lines: ['Fra:1 Mem:1M', "Saved: '/tmp/0001.png'"] }) });
    tested.start();
    await place.pass(6 * second);
    expect(await report(place)).toMatchObject({ status: 'testing', supported_task_types: ['test-blender-render'] });
    const sent = await action(place, tested.disk.id, { action: 'send-test-job' });
    expect(sent.status).toBe(200);
    await place.pass(6 * second);
    expect(tested.ran).toMatchObject([{ name: 'test-blender-render' }]);
    await place.pass(10 * second);
    expect(await report(place)).toMatchObject({ status: 'testing' });
    const { tasks } = await submit(place, [{ commands: [echo('a')] }, { commands: [echo('b')] }]);
    const single = place.worker({ single: true, nickname: 'single' });
    single.start();
    await place.pass(10 * second);
    expect(single).toMatchObject({ state: 'ended', exitCode: 0 });
    expect(single.ran).toHaveLength(1);
    expect(count(single, '/sign-off', 204)).toBe(1);
    expect(await stateOf(place, tasks[0]!)).toBe('succeeded');
    // The test job is refused to a worker that is not in test mode.
    const plain = place.worker({ nickname: 'plain' });
    plain.start();
    await place.pass(second);
    expect((await action(place, plain.disk.id, { action: 'send-test-job' })).status).toBe(400);
  });

  it('a worker in error is silent for ten minutes, and is not taken for gone', async () => {
    await using place = await openPlace();
    const worker = place.worker();
    worker.start();
    await place.pass(second);
    const headers = { authorization: `Basic ${Buffer.from(`${worker.disk.id}:${worker.disk.secret}`).toString('base64')}` };
    worker.kill();
    const ack = (status: string) => place.ask(`/ack-status-change/${status}`, { method: 'POST', token: null, headers });
    expect((await ack('error')).status).toBe(204);
    await place.clock.advance(600 * second);
    expect(await report(place)).toMatchObject({ status: 'error' });
    expect((await ack('awake')).status).toBe(204);
    expect(await report(place)).toMatchObject({ status: 'awake' });
    expect((await ack('error')).status).toBe(204);
    await place.clock.advance(730 * second);
    expect(await report(place)).toMatchObject({ status: 'timeout' });
  });

  it('approval: a worker of another machine gets nothing before somebody lets it in', async () => {
    await using place = await openPlace({ trusted: ['10.0.0.0/8'] });
    const { tasks } = await submit(place, [{}]);
    const worker = place.worker();
    worker.start();
    await place.pass(12 * second);
    expect(worker.calls.map(({ status }) => status)).toEqual([200, 204, 204, 204]);
    expect((await report(place)).warning).toContain('waits for approval');
    expect(await stateOf(place, tasks[0]!)).toBe('ready');
    await worker.terminate();
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(8 * second);
    expect(again.calls.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect((await place.engine.query.worker(admin, 1)).value!.status).toBe('pending');
    await place.engine.command(admin, 'approve', { worker: 1 });
    await place.pass(8 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('succeeded');
    expect(await report(place)).not.toHaveProperty('warning');
  });

  it('approval: strangers cannot fill the list', async () => {
    await using place = await openPlace({ trusted: [], limits: { pending: 2 } });
    const register = async (i: number) => {
      const body = JSON.stringify({ secret: `${i}`.repeat(40), nickname: 'n' });
      return (await place.ask('/register-worker', { method: 'POST', body, token: null })).status;
    };
    expect([await register(1), await register(2), await register(3), await register(1)]).toEqual([200, 200, 503, 200]);
  });

  it('the same secret and nickname again are the same worker', async () => {
    await using place = await openPlace();
    const body = JSON.stringify({
      secret: 'x'.repeat(64),
      platform: 'linux',
      supported_task_types: ['debug'],
      nickname: 'twice',
    });
    const register = async () =>
      (await (await place.ask('/register-worker', { method: 'POST', body })).json()) as { _id: string };
    const [first, second] = [await register(), await register()];
    expect(second._id).toBe(first._id);
    const other = { secret: 'y'.repeat(64), nickname: 'twice' };
    const twin = await place.ask('/register-worker', { method: 'POST', body: JSON.stringify(other) });
    expect(((await twin.json()) as { _id: string })._id).not.toBe(first._id);
  });

  it('a worker that has been gone for too long is forgotten, one that is here is not', async () => {
    await using place = await openPlace({ cleanupMs: 120_000, limits: { twinMs: 60_000 } });
    const [gone, here] = ['gone', 'here'].map((nickname) => place.worker({ nickname }));
    gone!.start();
    here!.start();
    await place.pass(second);
    await gone!.terminate();
    await place.pass(100 * second);
    expect(await report(place, 'gone')).toMatchObject({ status: 'offline' });
    await place.pass(90 * second);
    expect(await report(place, 'gone')).toEqual({});
    expect(await report(place, 'here')).toMatchObject({ status: 'awake' });
  });

  it('exec with output: log in order', async () => {
    await using place = await openPlace();
    const worker = place.worker({ exec: () => ({ lines: ['one', 'two'] }) });
    const { tasks } = await submit(place, [{ commands: [exec('true')] }]);
    worker.start();
    await place.pass(4 * second);
    expect(linesOf(await logOf(place, tasks[0]!))).toEqual(['pid=4711 > one', 'pid=4711 > two', 'exec: Finished']);
    expect(freshDisk().queue).toEqual([]);
  });
});

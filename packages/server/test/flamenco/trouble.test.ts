import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { action, echo, exec, linesOf, logOf, report, sleep, stateOf, submit, taskOf } from './lib/jobs.ts';
import { admin, openPlace, type Place } from './lib/place.ts';
import type { ScriptedOptions, ScriptedWorker } from './lib/scripted-worker.ts';

const second = 1_000;
const callsTo = ({ calls }: ScriptedWorker, path: RegExp) => calls.filter((call) => path.test(call.path));
const basicOf = ({ disk }: ScriptedWorker) => ({
  authorization: `Basic ${Buffer.from(`${disk.id}:${disk.secret}`).toString('base64')}`,
});

async function ready(place: Place, options: Partial<ScriptedOptions> = {}): Promise<ScriptedWorker> {
  const worker = place.worker(options);
  worker.start();
  await place.pass(second);
  return worker;
}

const setStatus = (place: Place, worker: ScriptedWorker, status: string, lazy = false) =>
  action(place, worker.disk.id, { action: 'set-status', status, ...(lazy ? { lazy: 'true' } : {}) });

describe('status requests', () => {
  it('flamenco §9.15 lazy sleep lets the task finish; wake-up within 33 s', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(20)] }, {}]);
    const worker = await ready(place);
    await place.pass(6 * second);
    await setStatus(place, worker, 'asleep', true);
    expect(await report(place)).toMatchObject({ status: 'awake', status_requested: 'asleep', lazy_status_request: true });
    await place.pass(22 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('succeeded');
    expect(await stateOf(place, tasks[1]!)).toBe('ready');
    expect(await report(place)).toMatchObject({ status: 'asleep', status_requested: '' });
    await setStatus(place, worker, 'awake');
    await place.pass(34 * second);
    expect(await report(place)).toMatchObject({ status: 'awake', status_requested: '' });
    expect(await stateOf(place, tasks[1]!)).toBe('succeeded');
    expect(worker.mostFetchLoops).toBe(1);
  });

  it('flamenco §9.15 immediate sleep returns the task', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(2 * second);
    await setStatus(place, worker, 'asleep');
    await place.pass(7 * second);
    expect(worker.state).toBe('asleep');
    expect(callsTo(worker, /return$/)).toMatchObject([{ status: 204 }]);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'ready' }, failures: 0, losses: 0 });
    expect(await report(place)).toMatchObject({ status: 'asleep' });
  });

  it('flamenco §9.15 SIGUSR1 re-queues the task instead of losing it as canceled', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(6 * second);
    await worker.sleepSignal();
    await place.pass(second);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'ready' }, failures: 0 });
    expect(await report(place)).toMatchObject({ status: 'asleep' });
    await setStatus(place, worker, 'awake');
    await place.pass(34 * second);
    expect(worker.ran).toHaveLength(2);
  });

  it('may-i-run never says awake, and a wish of awake does not stop the task', async () => {
    await using place = await openPlace();
    await submit(place, [{ commands: [sleep(60)] }]);
    const worker = await ready(place);
    await place.pass(2 * second);
    await setStatus(place, worker, 'asleep', true);
    await setStatus(place, worker, 'awake');
    await place.pass(70 * second);
    expect(worker.mostFetchLoops).toBe(1);
    expect(worker.ran).toHaveLength(1);
    expect(await report(place)).toMatchObject({ status: 'awake', status_requested: '' });
  });

  it('an acknowledgement of something else does not clear a newer request', async () => {
    await using place = await openPlace();
    const worker = await ready(place);
    worker.kill();
    await setStatus(place, worker, 'asleep');
    const ack = await place.ask('/ack-status-change/awake', { method: 'POST', token: null, headers: basicOf(worker) });
    expect(ack.status).toBe(204);
    expect(await report(place)).toMatchObject({ status: 'awake', status_requested: 'asleep' });
  });

  it('an acknowledgement that got lost heals itself', async () => {
    await using place = await openPlace();
    const worker = await ready(place);
    await worker.sleepSignal();
    await place.pass(second);
    // As if the word had never come: shown awake, and it does not ask for tasks.
    const { value } = await place.engine.query.worker(admin, 1);
    const input = {
      worker: 1,
      session: value!.session,
      reported: null,
      total: null,
      info: null,
      mode: 'awake',
      seenAt: null,
    } as const;
    await place.engine.command(admin, 'refresh', input);
    await place.pass(35 * second);
    expect(await report(place)).toMatchObject({ status: 'asleep' });
  });

  it('draining, for which Flamenco has no word: it finishes and gets nothing new, until it is wanted again', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(10)] }, {}]);
    await ready(place);
    await place.pass(2 * second);
    await place.engine.command(admin, 'wish', { worker: 1, mode: 'draining', lazy: true });
    await place.pass(30 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('succeeded');
    expect(await stateOf(place, tasks[1]!)).toBe('ready');
    expect((await place.engine.query.worker(admin, 1)).value).toMatchObject({ mode: 'draining', wanted: null });
    await place.engine.command(admin, 'wish', { worker: 1, mode: 'awake', lazy: true });
    await place.pass(12 * second);
    expect(await stateOf(place, tasks[1]!)).toBe('succeeded');
  });

  it('a sleep schedule sends it to sleep and wakes it', async () => {
    await using place = await openPlace();
    const worker = await ready(place);
    // The clock of these tests begins on a Thursday, 00:00 UTC.
    const info = { schedule_active: true, days_of_week: 'Thursday', time_start: '00:10', time_end: '00:20' };
    const set = await place.ask(`/set-sleep-schedule/${worker.disk.id}`, { method: 'POST', body: JSON.stringify(info) });
    expect(set.status).toBe(204);
    expect((await report(place)).sleep_schedule).toEqual({
      ...{ ...info, days_of_week: 'th' },
      ...{ next_check: '2026-01-01T00:10:00.000Z', time_zone: 'UTC' },
    });
    await place.pass(605 * second);
    expect(worker.state).toBe('asleep');
    await place.pass(635 * second);
    expect(worker.state).toBe('awake');
  });
});

describe('trouble', () => {
  it('flamenco §9.13 may-i-run is polled every 5 s and goes on after any of our errors (401, 404, 503)', async () => {
    // A proxy in front that spoils every other poll with what the door itself says in that case.
    await using place = await openPlace();
    await submit(place, [{ commands: [sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(11 * second);
    expect(callsTo(worker, /may-i-run/).map(({ at }) => at - place.clock.now())).toEqual([-7 * second, -2 * second]);
    const { secret } = worker.disk;
    worker.disk.secret = 'wrong';
    await place.pass(4 * second);
    expect(callsTo(worker, /may-i-run/).at(-1)!.status).toBe(401);
    expect(worker.mayIRunDead).toBe(false);
    worker.disk.secret = secret;
    const answers = await Promise.all(
      ['/may-i-run/zzz', `/may-i-run/${'0'.repeat(24)}`, '/may-i-run/a/b', '/may-i-run', `/may-i-run/${worker.disk.id}?x`].map(
        async (path) => {
          const reply = await place.ask(path, { token: null, headers: basicOf(worker) });
          return (await reply.json()) as { may_keep_running: boolean };
        },
      ),
    );
    for (const answer of answers) {
      expect(Object.keys(answer).filter((key) => !['may_keep_running', 'reason', 'status_requested'].includes(key))).toEqual([]);
      expect(typeof answer.may_keep_running).toBe('boolean');
    }
    const other = await place.ask('/may-i-run/x', { method: 'PUT', token: null });
    expect(await other.json()).toEqual({ may_keep_running: true });
  });

  it('a worker whose may-i-run service has crashed is shown as unsupervised, until it is started anew', async () => {
    await using place = await openPlace();
    await submit(place, [{ commands: [sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(3 * second);
    worker.mayIRunDead = true;
    await place.pass(60 * second);
    expect(await report(place)).not.toHaveProperty('warning');
    await place.pass(20 * second);
    expect((await report(place)).warning).toContain('unsupervised');
    expect((await place.engine.query.worker(admin, 1)).value!.info.warning).toContain('restart this worker');
    await worker.terminate();
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(20 * second);
    expect(await report(place)).not.toHaveProperty('warning');
    expect((await place.engine.query.worker(admin, 1)).value!.info).not.toHaveProperty('warning');
  });

  it('flamenco §9.18 SIGTERM in mid-task: the task is ready again and another worker gets it', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(60)] }]);
    const worker = await ready(place);
    await place.pass(6 * second);
    await worker.terminate();
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'ready' }, losses: 0, failures: 0 });
    const other = await ready(place, { nickname: 'other' });
    await place.pass(second);
    expect(other.ran).toHaveLength(1);
  });

  it('flamenco §9.19 kill -9 in mid-task: after the timeout it is re-queued; a restarted worker is not given work twice at once', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(60)] }, {}]);
    const worker = await ready(place);
    await place.pass(6 * second);
    worker.kill();
    await place.pass(50 * second);
    expect(await stateOf(place, tasks[0]!)).toBe('running');
    await place.pass(12 * second);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'ready' }, losses: 1 });
    expect(await report(place)).toMatchObject({ status: 'timeout' });
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(8 * second);
    expect(again.ran).toHaveLength(1);
    expect(await stateOf(place, tasks[1]!)).toBe('ready');
  });

  it('flamenco §9.19 restarted at once it first waits, then gets the same task, once', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(30)] }]);
    const worker = await ready(place);
    await place.pass(6 * second);
    worker.kill();
    const again = place.worker({ disk: worker.disk });
    again.start();
    await place.pass(12 * second);
    expect(again.ran).toEqual([]);
    await place.pass(10 * second);
    expect(again.ran).toHaveLength(1);
    await place.pass(40 * second);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'succeeded' }, attempt: 1 });
  });

  it('a task request that overtakes the queued end of the previous task does not run it twice', async () => {
    await using place = await openPlace();
    const worker = await ready(place);
    worker.kill();
    const { tasks } = await submit(place, [{ commands: [echo('one')] }, { commands: [echo('two')] }]);
    const post = (path: string, body?: unknown) =>
      place.ask(path, {
        method: 'POST',
        token: null,
        headers: basicOf(worker),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // The first answer got lost: nothing was ever heard of that task, so it is sent again at once.
    const [first, again] = [await post('/task'), await post('/task')];
    const { _id } = (await first.json()) as { _id: string };
    expect(((await again.json()) as { _id: string })._id).toBe(_id);
    await post(`/tasks/${_id}/update`, { task_status: 'active' });
    expect((await post('/task')).status).toBe(204);
    await place.pass(10 * second);
    expect((await post('/task')).status).toBe(204);
    await post(`/tasks/${_id}/update`, { task_status: 'completed' });
    const next = (await (await post('/task')).json()) as { commands: unknown };
    expect(next.commands).toEqual([echo('two')]);
    expect(await stateOf(place, tasks[0]!)).toBe('succeeded');
  });

  it('a cancelled task ends when its worker asks for another, or starts anew', async () => {
    await using place = await openPlace();
    const worker = await ready(place);
    worker.kill();
    const { job, tasks } = await submit(place, [{}, {}]);
    const post = (path: string) => place.ask(path, { method: 'POST', token: null, headers: basicOf(worker), body: '{}' });
    await post('/task');
    await place.engine.command(admin, 'stop', { task: tasks[0]!, goal: 'canceled', reason: 'user', kill: true });
    expect(await stateOf(place, tasks[0]!)).toBe('stopping');
    expect((await post('/task')).status).toBe(200);
    expect(await stateOf(place, tasks[0]!)).toBe('canceled');
    await place.engine.command(admin, 'cancel', { job, kill: true });
    expect(await stateOf(place, tasks[1]!)).toBe('stopping');
    expect((await post('/sign-on')).status).toBe(204);
    expect(await stateOf(place, tasks[1]!)).toBe('canceled');
  });

  it('flamenco §9.20 server stopped for 2 min in mid-task: nothing lost, updates in order, no line twice', async () => {
    await using place = await openPlace();
    const lines = Array.from({ length: 5 }, (_, i) => echo(`line ${i}`));
    const commands = lines.flatMap((line) => [line, sleep(20)]);
    const { tasks } = await submit(place, [{ commands }, {}]);
    const worker = await ready(place);
    await place.pass(17 * second);
    await place.stop();
    await place.pass(120 * second);
    expect(worker.disk.queue.length).toBeGreaterThan(3);
    await place.start();
    await place.pass(30 * second);
    expect(await taskOf(place, tasks[0]!)).toMatchObject({ state: { state: 'succeeded' }, attempt: 1, losses: 0 });
    const said = linesOf(await logOf(place, tasks[0]!)).filter((line) => line.startsWith('line'));
    expect(said).toEqual([0, 1, 2, 3, 4].map((i) => `line ${i}`));
    expect(worker.ran).toHaveLength(2);
    expect(worker.mostFetchLoops).toBe(1);
  });

  it('flamenco §9.20 killed between the log and the answer: what is sent again after the start is not doubled', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [echo('first'), sleep(14), echo('second'), sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(3 * second);
    worker.network = 'answers-lost';
    await place.pass(15 * second);
    await place.stop();
    worker.network = 'fine';
    await place.start();
    await place.pass(8 * second);
    expect(linesOf(await logOf(place, tasks[0]!)).filter((line) => /^(first|second)$/.test(line))).toEqual(['first', 'second']);
    expect(worker.disk.queue).toEqual([]);
  });

  it('flamenco §9.21 an update held for more than 3 s and sent again does not double the log', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [echo('once'), sleep(600)] }]);
    const worker = await ready(place);
    worker.network = 'answers-lost';
    await place.pass(40 * second);
    expect(callsTo(worker, /update$/).length).toBeGreaterThan(3);
    worker.network = 'fine';
    await place.pass(10 * second);
    expect(worker.disk.queue).toEqual([]);
    expect(linesOf(await logOf(place, tasks[0]!)).filter((line) => line === 'once')).toHaveLength(1);
    // Both at once, the first still under way.
    const body = JSON.stringify({ log: 'twice at once' });
    const path = `/tasks/${worker.ran[0]!._id}/update`;
    const both = await Promise.all(
      [1, 2].map(() => place.ask(path, { method: 'POST', token: null, headers: basicOf(worker), body })),
    );
    expect(both.map(({ status }) => status)).toEqual([204, 204]);
    expect((await logOf(place, tasks[0]!)).match(/twice at once/g)).toHaveLength(1);
  });

  it('flamenco §9.22 a log of 2,000 lines and several MB is accepted', async () => {
    await using place = await openPlace();
    const { tasks } = await submit(place, [{ commands: [sleep(600)] }]);
    const worker = await ready(place);
    await place.pass(2 * second);
    const log = Array.from({ length: 2_000 }, (_, i) => `${i} ${'x'.repeat(2_500)}`).join('\n');
    worker.queue(worker.ran[0]!._id, { activity: '', log });
    await place.pass(second);
    expect(worker.disk.queue).toEqual([]);
    expect((await logOf(place, tasks[0]!)).endsWith(`\n1999 ${'x'.repeat(2_500)}\n`)).toBe(true);
  });

  it('flamenco §9.24 a file that Blender has saved becomes the latest image, at most one report in 30 s', async () => {
    await using place = await openPlace();
    await mkdir(place.renders, { recursive: true });
    const file = join(place.renders, '000001.png');
    await writeFile(
      file,
      await sharp({ create: { width: 3_000, height: 500, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    const watch = await fetch(new URL('/imagewatch', place.url), { headers: { authorization: 'Bearer admin' } });
    const reader = watch.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('event: notification');
    const lines = [`Saved: '${file}'`, `Saved: '${file}'`, `Saved: '${file}'`];
    const worker = await ready(place, { exec: () => ({ lines }) });
    await submit(place, [{ kind: 'blender-render', commands: [exec('blender')] }]);
    await place.pass(8 * second);
    expect(callsTo(worker, /output-produced/)).toMatchObject([{ status: 204 }]);
    expect((await reader.read()).value).toBe('event: image\ndata: 000001.png\n\n');
    await reader.cancel();
    const image = await place.ask('/latest-image.jpg');
    expect(image.headers.get('content-type')).toBe('image/jpeg');
    expect(await sharp(Buffer.from(await image.arrayBuffer())).metadata()).toMatchObject({
      format: 'jpeg',
      width: 1_920,
      height: 320,
    });
  });

  it('flamenco §9.24 a path outside is refused safely, and a worker that ran nothing shows nothing', async () => {
    await using place = await openPlace();
    await mkdir(place.renders, { recursive: true });
    await symlink('/etc/passwd', join(place.renders, 'link.png'));
    const worker = await ready(place);
    const produced = (body: string) =>
      place.ask('/output-produced', { method: 'POST', token: null, headers: basicOf(worker), body });
    expect((await produced(JSON.stringify({ paths: [join(place.renders, 'a.png')] }))).status).toBe(204);
    await submit(place, [{}]);
    await place.pass(8 * second);
    for (const path of ['/etc/passwd', 'msl:/tmp/x', `${place.renders}/../../etc/passwd`, join(place.renders, 'link.png')]) {
      expect((await produced(JSON.stringify({ paths: [path] }))).status).toBe(204);
    }
    const skipped = () => place.lines.filter(({ msg }) => msg === 'flamenco:image-skipped');
    await until(() => skipped().length === 4);
    for (const { why } of skipped()) expect(why).toContain('not below a folder');
    expect((await place.ask('/latest-image.jpg')).status).toBe(404);
    expect((await produced('{"paths":[]}')).status).toBe(422);
    expect((await produced('')).status).toBe(400);
    expect((await produced('{')).status).toBe(400);
  });

  it('other servers’ words do not disturb: the scripted worker dies of a page that is no JSON', async () => {
    const proxy = createServer((request, response) => {
      response.writeHead(request.url === '/task' ? 200 : 502, { 'content-type': 'application/json' });
      response.end(
        request.url === '/task'
          ? '{"_id":"5f3d00000000000000000abc","job":"x","name":"n","commands":[{"name":"sleep","settings":{"time_in_seconds":60}}]}'
          : '<html>',
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    await using place = await openPlace();
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const worker = place.worker({ url, disk: { id: 'a', secret: 'b', queue: [] } });
    worker.wakeSignal();
    await place.pass(10 * second);
    expect(worker.mayIRunDead).toBe(true);
    worker.kill();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
});

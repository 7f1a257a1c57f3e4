import type { FromWorker } from '@switchyard/sdk/worker-wire.ts';
import { describe, expect, test } from 'vitest';
import { settle } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';
import { hello, openSocket, refusedUpgrade, socketWorker } from './lib/socket-worker.ts';

const request = { spec: { argv: ['x'], cwd: '/' } };
const end = (task: number, attempt: number, more: object = {}): FromWorker =>
  ({
    m: 'end',
    task,
    attempt,
    outcome: 'succeeded',
    reason: null,
    exitCode: 0,
    signal: null,
    error: null,
    ...more,
  }) as FromWorker;

async function welcomed(place: ApiYard, more: Parameters<typeof hello>[0] = {}) {
  const worker = await socketWorker(place.listener.url);
  worker.say(hello(more));
  const welcome = await worker.hear('welcome');
  return Object.assign(worker, { welcome });
}

const text = async (stream: ReadableStream<Uint8Array> | null): Promise<string> => (stream ? new Response(stream).text() : '');

describe('coming in', () => {
  test('a token with the right, the sub-protocol, and nothing else', async () => {
    await using place = await openApiYard({ limits: { workers: 1 } });
    const { url } = place.listener;
    expect(await refusedUpgrade(openSocket(url, 'nobody'))).toEqual({ status: 401, code: 'unauthenticated' });
    expect(await refusedUpgrade(openSocket(url, 'viewer'))).toEqual({ status: 403, code: 'forbidden' });
    expect(await refusedUpgrade(openSocket(url, 'worker', 'other'))).toEqual({ status: 400, code: 'malformed' });
    await using worker = await welcomed(place);
    expect(worker.welcome).toMatchObject({ leaseMs: 15_000, kill: [], logs: [] });
    expect(await refusedUpgrade(openSocket(url, 'worker'))).toEqual({ status: 429, code: 'too_many' });
    const shown = await place.as('viewer').workers.show(worker.welcome.worker);
    expect(shown).toMatchObject({ name: 'scripted', status: 'online', tags: ['files'], total: { named: { gpu: 1 } } });
    expect(shown.info).toEqual({ host: 'here', version: '9' });
  });

  test('the same installation is the same worker; the newer connection closes the older', async () => {
    await using place = await openApiYard();
    await using first = await welcomed(place);
    await using second = await welcomed(place);
    expect(second.welcome.worker).toBe(first.welcome.worker);
    expect(second.welcome.session).toBeGreaterThan(first.welcome.session);
    await first.gone();
    expect(first.closed?.code).toBe(4001);
    await using other = await welcomed(place, { instance: 'instance-2' });
    expect(other.welcome.worker).not.toBe(first.welcome.worker);
    expect(second.closed).toBeNull();
  });

  test('no hello in time, or something else first: closed', async () => {
    await using place = await openApiYard();
    await using silent = await socketWorker(place.listener.url);
    await place.yard.clock.advance(10_000);
    await silent.gone();
    expect(silent.closed?.code).toBe(4008);
    await using hasty = await socketWorker(place.listener.url);
    hasty.say({ m: 'drain' });
    await hasty.gone();
    expect(hasty.closed?.code).toBe(4003);
  });

  test.each([
    ['not JSON', '{'],
    ['not a list', '{"m":"bye"}'],
    ['no message', '[3]'],
    ['a wrong field', '[{"m":"accept","task":"7"}]'],
    ['deep nesting', '['.repeat(5_000)],
  ])('a frame that is not as agreed closes the connection: %s', async (_what, frame) => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    worker.raw(frame);
    await worker.gone();
    expect(worker.closed?.code).toBe(1007);
    await using next = await welcomed(place);
    expect(next.welcome.worker).toBe(worker.welcome.worker);
  });

  test('messages and fields of a newer worker are left out', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    worker.raw('[{"m":"sing","song":1},{"m":"info","info":{"load":2},"more":true}]');
    const { workers } = place.as('viewer');
    await until(async () => (await workers.show(worker.welcome.worker)).info.load === 2);
    expect(worker.closed).toBeNull();
  });
});

describe('working', () => {
  test('a task is pushed with its body, its log is kept, its end is acknowledged after the commit', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit({ name: 'n', spec: { argv: ['a', '{index}'], cwd: '/', timeoutMs: 9_000 } });
    const { task } = await worker.hear('run');
    expect(task).toMatchObject({
      task: job.firstTask,
      attempt: 1,
      job: job.id,
      jobName: 'n',
      kind: 'shell',
      index: null,
      checkpoint: null,
      timeoutMs: 9_000,
      body: { payload: { argv: ['a', '{index}'], cwd: '/' } },
    });
    worker.log(task.task, 1, 0, 'hello ');
    worker.log(task.task, 1, 6, 'world\n');
    worker.log(task.task, 1, 0, 'oops\n', 'err');
    worker.say(end(task.task, 1, { result: { answer: 42 }, artifacts: [] }));
    expect(await worker.hear('ended')).toEqual({ m: 'ended', task: task.task, attempt: 1 });
    const shown = await tasks.show(task.task);
    expect(shown).toMatchObject({ state: 'succeeded', exitCode: 0, result: { answer: 42 }, logs: { out: 12, err: 5, log: 0 } });
    expect(await text((await tasks.log(task.task)).body)).toBe('hello world\n');
    expect((await jobs.wait(job.id)).state).toBe('succeeded');
  });

  test('the end of an attempt is not committed before the last byte of its log', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit(request);
    await worker.hear('run');
    let seen = 0;
    const following = (async () => {
      for await (const bytes of tasks.followLog(job.firstTask)) seen += bytes.length;
    })();
    await until(() => place.door.status().connections === 2);
    const piece = 'x'.repeat(100_000);
    for (let n = 0; n < 5; n++) worker.log(job.firstTask, 1, n * piece.length, piece);
    worker.say(end(job.firstTask, 1));
    await worker.hear('ended');
    const last = worker.heard.findLastIndex((message) => message.m === 'logged');
    expect(worker.heard[last]).toMatchObject({ length: 500_000 });
    expect(worker.heard.findIndex(({ m }) => m === 'ended')).toBeGreaterThan(last);
    await following;
    expect(seen).toBe(500_000);
  });

  test('what is said in one frame shares a transaction: the end of one task and the accept of the next', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place, { total: { slots: 1, cpus: 1, ramMb: 10, named: {} }, prefetch: 1 });
    const { jobs } = place.as('ada');
    await jobs.submitMany([request, request]);
    const { task: running } = await worker.hear('run');
    const { task: offered } = await worker.hear('offer');
    expect([offered.attempt, (await place.as('ada').tasks.show(offered.task)).state]).toEqual([1, 'offered']);
    worker.say(end(running.task, 1), { m: 'accept', task: offered.task });
    expect(await worker.hear('go')).toEqual({ m: 'go', task: offered.task, attempt: 1 });
    await worker.hear('ended');
    const last = worker.frames.find((frame) => frame.some(({ m }) => m === 'go'));
    expect(last?.map(({ m }) => m).sort()).toEqual(['ended', 'go']);
    worker.say(end(offered.task, 1));
    await worker.hear('ended', 2);
  });

  test('declined and given back tasks go elsewhere; a void accept is withdrawn', async () => {
    await using place = await openApiYard();
    await using first = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit(request);
    const { task } = await first.hear('run');
    first.say({ m: 'give-back', task: task.task, attempt: 1, how: 'reject', why: 'no such directory' });
    await first.hear('ended');
    expect((await tasks.show(job.firstTask)).state).toBe('ready');
    first.say({ m: 'accept', task: job.firstTask });
    expect(await first.hear('withdraw')).toEqual({ m: 'withdraw', task: job.firstTask });
    await using second = await welcomed(place, { instance: 'instance-2' });
    expect((await second.hear('run')).task).toMatchObject({ task: job.firstTask, attempt: 2 });
  });

  test('an offer that was withdrawn may come again to the same worker', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place, { total: { slots: 1, cpus: 1, ramMb: 10, named: {} }, prefetch: 1 });
    const admin = place.as('admin');
    await admin.jobs.submit(request);
    await worker.hear('run');
    const { job } = await admin.jobs.submit(request);
    await worker.hear('offer');
    await admin.jobs.hold(job.id);
    expect(await worker.hear('withdraw')).toEqual({ m: 'withdraw', task: job.firstTask });
    await admin.jobs.release(job.id);
    expect((await worker.hear('offer', 2)).task.task).toBe(job.firstTask);
  });

  test('progress is shown, a checkpoint survives the attempt', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit({ spec: { ...request.spec, retries: 1, backoffMs: 0 } });
    const id = job.firstTask;
    await worker.hear('run');
    const progress = { done: 3, total: 10, unit: 'frames' };
    worker.say({ m: 'report', task: id, attempt: 1, progress }, { m: 'report', task: id, attempt: 1, phase: 'late' });
    worker.say({ m: 'report', task: id, attempt: 1, checkpoint: { step: 7 } });
    await until(async () => (await tasks.show(id)).progress !== null);
    expect((await tasks.show(id)).progress).toEqual({ ...progress, phase: 'late' });
    // A report of an attempt that is not its own is nobody's.
    worker.say({ m: 'report', task: id, attempt: 9, progress: { done: 99, total: null, unit: null } });
    worker.say(end(id, 1, { outcome: 'failed', reason: 'exit', exitCode: 3 }));
    await worker.hear('ended');
    // The failing worker is avoided for a while.
    await place.yard.clock.advance(60_000);
    const { task } = await worker.hear('run', 2);
    expect([task.attempt, task.checkpoint]).toEqual([2, { step: 7 }]);
    expect((await tasks.show(id)).progress).toBeNull();
  });

  test('kill, suspend, resume and wishes reach the worker', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { workers } = place.as('operator');
    const { job } = await jobs.submit(request);
    await worker.hear('run');
    const fence = { task: job.firstTask, attempt: 1 };
    await tasks.suspend(job.firstTask);
    expect(await worker.hear('suspend')).toEqual({ m: 'suspend', ...fence });
    await tasks.resume(job.firstTask);
    expect(await worker.hear('resume')).toEqual({ m: 'resume', ...fence });
    await jobs.cancel(job.id, { kill: true });
    expect(await worker.hear('kill')).toEqual({ m: 'kill', ...fence });
    worker.say(end(job.firstTask, 1, { outcome: 'failed', reason: 'signal', exitCode: null, signal: 'SIGTERM' }));
    await worker.hear('ended');
    expect((await tasks.show(job.firstTask)).state).toBe('canceled');
    await workers.wish(worker.welcome.worker, { mode: 'asleep' });
    expect(await worker.hear('wish')).toEqual({ m: 'wish', mode: 'asleep', lazy: true });
    await until(async () => (await workers.show(worker.welcome.worker)).mode === 'asleep');
    await jobs.submit(request);
    await settle();
    expect(worker.heard.filter(({ m }) => m === 'run').length).toBe(1);
    await workers.wish(worker.welcome.worker, { mode: 'awake' });
    await worker.hear('run', 2);
  });

  test('log bytes of a task that it does not hold change nothing', async () => {
    await using place = await openApiYard();
    await using owner = await welcomed(place);
    const { job } = await place.as('ada').jobs.submit(request);
    await owner.hear('run');
    await using thief = await welcomed(place, { instance: 'instance-2' });
    thief.log(job.firstTask, 1, 0, 'lies');
    thief.say(end(job.firstTask, 1));
    await thief.hear('ended');
    expect(await place.as('ada').tasks.logLength(job.firstTask)).toBe(0);
    expect((await place.as('ada').tasks.show(job.firstTask)).state).toBe('running');
    expect(owner.closed).toBeNull();
  });

  test('a malformed log frame closes the connection', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    worker.socket.send(Buffer.alloc(30, 9));
    await worker.gone();
    expect(worker.closed?.code).toBe(1007);
  });
});

describe('going and coming back', () => {
  test('a cut line keeps the tasks for the grace; back in time it is told what is its own', async () => {
    await using place = await openApiYard();
    const first = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const [a, b] = (await jobs.submitMany([request, request])) as readonly { firstTask: number }[];
    await first.hear('run', 2);
    first.log(a!.firstTask, 1, 0, 'half');
    await first.hear('logged');
    await first.cut();
    await until(async () => (await place.as('viewer').workers.show(first.welcome.worker)).status === 'lost');
    expect((await tasks.show(a!.firstTask)).state).toBe('running');
    const holds = [
      { task: a!.firstTask, attempt: 1 },
      { task: 999, attempt: 4 },
    ];
    await using back = await welcomed(place, { holds });
    expect(back.welcome.kill).toEqual([{ task: 999, attempt: 4 }]);
    expect(back.welcome.logs).toEqual([{ task: a!.firstTask, attempt: 1, out: 4, err: 0, log: 0 }]);
    // What it did not name is lost, and given to it anew.
    expect((await back.hear('run')).task).toMatchObject({ task: b!.firstTask, attempt: 2 });
    back.log(a!.firstTask, 1, 4, ' and half');
    back.say(end(a!.firstTask, 1));
    await back.hear('ended');
    expect(await text((await tasks.log(a!.firstTask)).body)).toBe('half and half');
  });

  test('gone for longer than the grace: its tasks go to another', async () => {
    await using place = await openApiYard();
    const first = await welcomed(place);
    const { job } = await place.as('ada').jobs.submit(request);
    await first.hear('run');
    await first.cut();
    await until(async () => (await place.as('viewer').workers.show(first.welcome.worker)).status === 'lost');
    await using other = await welcomed(place, { instance: 'instance-2' });
    await place.yard.clock.advance(15_000);
    expect((await other.hear('run')).task).toMatchObject({ task: job.firstTask, attempt: 2 });
  });

  test('a stop that was asked for while it was away is said again', async () => {
    await using place = await openApiYard();
    const first = await welcomed(place);
    const { jobs } = place.as('ada');
    const { job } = await jobs.submit(request);
    await first.hear('run');
    await first.cut();
    await jobs.cancel(job.id, { kill: true });
    await using back = await welcomed(place, { holds: [{ task: job.firstTask, attempt: 1 }] });
    expect(back.welcome.kill).toEqual([]);
    expect(await back.hear('kill')).toEqual({ m: 'kill', task: job.firstTask, attempt: 1 });
    expect(back.heard.map(({ m }) => m)).toEqual(['welcome', 'kill']);
  });

  test('an end that was not acknowledged is said again and is not counted twice', async () => {
    await using place = await openApiYard();
    const first = await welcomed(place);
    const { job } = await place.as('ada').jobs.submit(request);
    await first.hear('run');
    first.say(end(job.firstTask, 1));
    await first.hear('ended');
    await first.cut();
    await using back = await welcomed(place, { holds: [{ task: job.firstTask, attempt: 1 }] });
    back.say(end(job.firstTask, 1, { outcome: 'failed', reason: 'exit', exitCode: 1 }));
    await back.hear('ended');
    const shown = await place.as('ada').tasks.show(job.firstTask);
    expect([shown.state, shown.attempts.length]).toEqual(['succeeded', 1]);
  });

  test('bye hands everything back at once, drain takes nothing new', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    const { jobs, tasks } = place.as('ada');
    const { workers } = place.as('operator');
    const { job } = await jobs.submit(request);
    await worker.hear('run');
    worker.say({ m: 'drain' });
    await until(async () => (await workers.show(worker.welcome.worker)).mode === 'draining');
    await jobs.submit(request);
    worker.say({ m: 'bye' });
    await worker.gone();
    expect(worker.closed?.code).toBe(1000);
    expect((await tasks.show(job.firstTask)).state).toBe('ready');
    expect((await workers.show(worker.welcome.worker)).status).toBe('offline');
    expect(worker.heard.filter(({ m }) => m === 'run').length).toBe(1);
  });

  test('silence for a lease is the end of the connection; pings are asked for and answered in time', async () => {
    await using place = await openApiYard();
    await using worker = await welcomed(place);
    let pings = 0;
    worker.socket.on('ping', () => pings++);
    for (let n = 1; n <= 6; n++) {
      await place.yard.clock.advance(5_000);
      await until(() => pings === n);
      // The pong must have arrived before time goes on.
      worker.say({ m: 'info', info: { n } });
      await until(async () => (await place.as('viewer').workers.show(worker.welcome.worker)).info.n === n);
    }
    expect(worker.closed).toBeNull();
    worker.socket.pause();
    await place.yard.clock.advance(16_000);
    await until(async () => (await place.as('viewer').workers.show(worker.welcome.worker)).status === 'offline');
    // It does not even answer the close: cut off.
    await place.yard.clock.advance(5_000);
    await until(() => place.door.status().connections === 0);
    worker.socket.resume();
    await worker.gone();
  });

  test('the server closes: workers are told, and keep their tasks', async () => {
    const place = await openApiYard();
    const worker = await welcomed(place);
    await place.as('ada').jobs.submit(request);
    await worker.hear('run');
    await place.close();
    await worker.gone();
    expect(worker.closed).toEqual({ code: 1012, reason: 'the server is stopping' });
  });
});

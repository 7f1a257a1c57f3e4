import { encodeLiveFrame, liveFrame } from '@switchyard/sdk/worker-wire.ts';
import { describe, expect, test } from 'vitest';
import { settle } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';
import { hello, socketWorker } from './lib/socket-worker.ts';

const value = { task: 1, attempt: 1, name: 'shape', at: 7, bytes: Buffer.from('t = 7\n') };

async function running(place: ApiYard) {
  const worker = await socketWorker(place.listener.url);
  worker.say(hello());
  await worker.hear('welcome');
  const { job } = await place.as('admin').jobs.submit({ spec: { argv: ['x'], cwd: '/' } });
  await worker.hear('run');
  return Object.assign(worker, { task: job.firstTask });
}

describe('live values on the worker socket', () => {
  test('the worker is told who is watched, and what it sends reaches the watcher, one frame one value', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    const seen: { at: number; text: string }[] = [];
    const stop = place.yard.engine.live.watch(task, 'shape', ({ at, bytes }) => {
      seen.push({ at, text: Buffer.from(bytes).toString() });
    });
    expect(await worker.hear('watch')).toEqual({ m: 'watch', task, attempt: 1, names: ['shape'] });
    worker.socket.send(encodeLiveFrame({ ...value, task }));
    await until(() => seen.length === 1);
    const bytes = Buffer.alloc(6 * 1_048_576, 'x');
    worker.socket.send(encodeLiveFrame({ ...value, task, at: 8, bytes }));
    await until(() => seen.length === 2);
    expect(seen[0]).toEqual({ at: 7, text: 't = 7\n' });
    expect(seen[1]?.text).toBe(bytes.toString());
    stop();
    expect(await worker.hear('watch', 2)).toMatchObject({ names: [] });
  });

  test('after a broken connection the worker is told again, behind its welcome', async () => {
    await using place = await openApiYard();
    const first = await running(place);
    const { task } = first;
    place.yard.engine.live.watch(task, 'shape', () => {});
    await first.hear('watch');
    await first.cut();
    await using second = await socketWorker(place.listener.url);
    second.say(hello({ holds: [{ task, attempt: 1 }] }));
    expect(await second.hear('watch')).toMatchObject({ task, attempt: 1, names: ['shape'] });
    expect(second.heard[0]?.m).toBe('welcome');
  });

  test('values of attempts that it does not hold, or of the past, are not heard', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    const seen: number[] = [];
    place.yard.engine.live.watch(task, 'shape', ({ at }) => void seen.push(at));
    await worker.hear('watch');
    worker.socket.send(encodeLiveFrame({ ...value, task: task + 1, at: 1 }));
    worker.socket.send(encodeLiveFrame({ ...value, task, attempt: 2, at: 2 }));
    worker.socket.send(encodeLiveFrame({ ...value, task, at: 3 }));
    await until(() => seen.length > 0);
    await settle();
    expect(seen).toEqual([3]);
  });

  test.each([
    ['a name that is none', () => encodeLiveFrame({ ...value, name: 'a b' })],
    ['no name', () => encodeLiveFrame({ ...value, name: '' })],
    ['cut off in its name', () => encodeLiveFrame(value).subarray(0, liveFrame.header + 2)],
    ['too large', () => encodeLiveFrame({ ...value, bytes: new Uint8Array(liveFrame.maxBytes + 1) })],
    ['another version', () => Buffer.concat([Buffer.from([3]), encodeLiveFrame(value).subarray(1)])],
  ])('a frame that is not as agreed closes the connection: %s', async (_what, frame) => {
    await using place = await openApiYard();
    await using worker = await running(place);
    worker.socket.send(frame());
    await worker.gone();
    expect(worker.closed?.code).toBe(1007);
  });

  test('the largest that is allowed passes; before welcome nothing does', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    let size = 0;
    place.yard.engine.live.watch(task, 'shape', ({ bytes }) => {
      size = bytes.length;
    });
    await worker.hear('watch');
    worker.socket.send(encodeLiveFrame({ ...value, task, bytes: new Uint8Array(liveFrame.maxBytes) }));
    await until(() => size > 0);
    expect(size).toBe(liveFrame.maxBytes);
    await using hasty = await socketWorker(place.listener.url);
    hasty.socket.send(encodeLiveFrame(value));
    await hasty.gone();
    expect(hasty.closed?.code).toBe(1007);
  });
});

describe('/v1/tasks/:id/live/:name', () => {
  const text = (answer: { at: number; bytes: Uint8Array } | null) => answer && `${answer.at} ${Buffer.from(answer.bytes)}`;

  test('the newest value after the one before, as soon as it comes; null once the task has ended', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    const admin = place.as('admin');
    const first = admin.tasks.live(task, 'shape');
    await worker.hear('watch');
    worker.socket.send(encodeLiveFrame({ ...value, task }));
    expect(text(await first)).toBe('7 t = 7\n');
    const second = admin.tasks.live(task, 'shape', { after: 7 });
    await worker.hear('watch', 3);
    worker.socket.send(encodeLiveFrame({ ...value, task }));
    worker.socket.send(encodeLiveFrame({ ...value, task, at: 9 }));
    expect(text(await second)).toBe('9 t = 7\n');
    const third = admin.tasks.live(task, 'shape', { after: 9 });
    await worker.hear('watch', 5);
    const over = {
      m: 'end',
      task,
      attempt: 1,
      outcome: 'succeeded',
      reason: null,
      exitCode: 0,
      signal: null,
      error: null,
    } as const;
    worker.say(over);
    expect(await third).toBeNull();
    expect(await admin.tasks.live(task, 'shape')).toBeNull();
  });

  test('nothing new within a long poll, or a reader who leaves: nobody watches any more', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    const waits = place.as('admin').tasks.live(task, 'shape');
    await worker.hear('watch');
    await place.yard.clock.advance(60_000);
    expect(await waits).toBeNull();
    expect(await worker.hear('watch', 2)).toMatchObject({ names: [] });
    const leaver = new AbortController();
    const left = place.as('admin').tasks.live(task, 'shape', { signal: leaver.signal });
    await worker.hear('watch', 3);
    leaver.abort();
    await expect(left).rejects.toThrow();
    expect(await worker.hear('watch', 4)).toMatchObject({ names: [] });
  });

  test('not for those who may not see the task, and not by any name', async () => {
    await using place = await openApiYard();
    await using worker = await running(place);
    const { task } = worker;
    await expect(place.as('bob').tasks.live(task, 'shape')).rejects.toMatchObject({ status: 404 });
    await expect(place.as('admin').tasks.live(task, 'a b')).rejects.toMatchObject({ status: 400 });
    await expect(place.as('admin').tasks.live(task, 'n'.repeat(65))).rejects.toMatchObject({ status: 400 });
    await settle();
    expect(worker.heard.filter(({ m }) => m === 'watch')).toEqual([]);
  });
});

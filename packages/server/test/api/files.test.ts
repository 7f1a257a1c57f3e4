import { createHash } from 'node:crypto';
import type { FromWorker } from '@switchyard/sdk/worker-wire.ts';
import { describe, expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';
import { refusal } from './lib/refusal.ts';
import { hello, type SocketWorker, socketWorker } from './lib/socket-worker.ts';

const request = { spec: { argv: ['x'], cwd: '/' } };
const end = (task: number, more: object = {}): FromWorker =>
  ({
    m: 'end',
    task,
    attempt: 1,
    outcome: 'succeeded',
    reason: null,
    exitCode: 0,
    signal: null,
    error: null,
    ...more,
  }) as FromWorker;
const text = async (stream: ReadableStream<Uint8Array> | null): Promise<string> => (stream ? new Response(stream).text() : '');

/** A running task and the scripted worker that runs it. */
async function running(place: ApiYard): Promise<{ worker: SocketWorker; task: number }> {
  const worker = await socketWorker(place.listener.url);
  worker.say(hello());
  await worker.hear('welcome');
  const { job } = await place.as('ada').jobs.submit(request);
  await worker.hear('run');
  return { worker, task: job.firstTask };
}

function get(place: ApiYard, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(place.listener.url + path, { method, headers: { authorization: 'Bearer ada', ...headers } });
}

describe('logs', () => {
  test('length, whole, parts, and what there is not', async () => {
    await using place = await openApiYard();
    const { worker, task } = await running(place);
    worker.log(task, 1, 0, '0123456789');
    await worker.hear('logged');
    const path = `/v1/tasks/${task}/log`;
    const head = await get(place, path, {}, 'HEAD');
    expect([head.status, head.headers.get('x-log-length'), head.headers.get('x-log-attempt')]).toEqual([200, '10', '1']);
    expect(await (await get(place, path)).text()).toBe('0123456789');
    expect(await (await get(place, `${path}?stream=err`)).text()).toBe('');
    const part = await get(place, path, { range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    const tail = await get(place, path, { range: 'bytes=-3' });
    expect([tail.status, await tail.text()]).toEqual([206, '789']);
    const over = await get(place, path, { range: 'bytes=10-' });
    expect([over.status, over.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    expect((await refusal(place.as('ada').tasks.log(task, { attempt: 2 }))).code).toBe('not_found');
    expect((await refusal(place.as('bob').tasks.log(task))).code).toBe('not_found');
    expect((await get(place, `${path}?stream=both`)).status).toBe(400);
    await worker.cut();
  });

  test('a middle that is no longer kept is one line; a range gives bytes or says that there are none', async () => {
    await using place = await openApiYard();
    const { worker, task } = await running(place);
    const piece = 'x'.repeat(262_144);
    // The yard keeps 1 MiB of a log: head half and tail half.
    for (let n = 0; n < 12; n++) worker.log(task, 1, n * piece.length, piece);
    await until(async () => (await place.as('ada').tasks.logLength(task)) === 12 * piece.length);
    const whole = await text((await place.as('ada').tasks.log(task)).body);
    const missing = 12 * piece.length - 1_048_576;
    expect(whole).toContain(`\n[switchyard: ${missing} bytes in the middle were not kept]\n`);
    expect(whole.replace(/[^x]/g, '').length).toBe(1_048_576);
    const cut = await get(place, `/v1/tasks/${task}/log`, { range: 'bytes=524280-524300' });
    expect([cut.status, cut.headers.get('content-range')]).toEqual([206, `bytes 524280-524287/${12 * piece.length}`]);
    expect((await get(place, `/v1/tasks/${task}/log`, { range: 'bytes=524288-524300' })).status).toBe(416);
    await worker.cut();
  });

  test('followed from before the start to the end', async () => {
    await using place = await openApiYard();
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit(request);
    const attempts: number[] = [];
    const seen: string[] = [];
    const following = (async () => {
      for await (const bytes of tasks.followLog(job.firstTask, { onAttempt: (attempt) => attempts.push(attempt) })) {
        seen.push(Buffer.from(bytes).toString());
      }
    })();
    await until(() => place.door.status().connections === 1);
    await using worker = await socketWorker(place.listener.url);
    worker.say(hello());
    await worker.hear('run');
    worker.log(job.firstTask, 1, 0, 'one ');
    await until(() => seen.join('') === 'one ');
    worker.log(job.firstTask, 1, 4, 'two');
    worker.say(end(job.firstTask));
    await following;
    expect([seen.join(''), attempts]).toEqual(['one two', [1]]);
    await worker.cut();
    await until(() => place.door.status().connections === 0);
  });

  test('a follower of a task that has not begun is asked to ask again; of one that never began it is over', async () => {
    await using place = await openApiYard();
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit({ ...request, hold: true });
    const asked = get(place, `/v1/tasks/${job.firstTask}/log?follow=1`);
    await until(() => place.door.status().connections === 1);
    await place.yard.clock.advance(60_000);
    expect((await asked).status).toBe(204);
    const following = (async () => {
      for await (const bytes of tasks.followLog(job.firstTask)) throw new Error(`unexpected ${bytes.length} bytes`);
    })();
    await until(() => place.door.status().connections === 1);
    await jobs.cancel(job.id);
    await following;
  });

  test('followers beyond the limit are refused, and a follower that leaves makes room', async () => {
    await using place = await openApiYard({ limits: { streams: 1 } });
    const { jobs, tasks } = place.as('ada');
    const { job } = await jobs.submit({ ...request, hold: true });
    const stop = new AbortController();
    const first = tasks.followLog(job.firstTask, { signal: stop.signal }).next();
    await until(() => place.door.status().connections === 1);
    expect((await get(place, `/v1/tasks/${job.firstTask}/log?follow=1`)).status).toBe(429);
    stop.abort();
    expect((await first).done).toBe(true);
    await until(() => place.door.status().connections === 0);
    expect((await jobs.waitOnce(job.id, { timeoutMs: 0 })).state).toBe('held');
  });
});

describe('blobs and artifacts', () => {
  test('stored under the hash of the bytes, streamed both ways, in parts', async () => {
    await using place = await openApiYard();
    const { files } = place.as('ada');
    const bytes = Buffer.from('some bytes');
    const sha = createHash('sha256').update(bytes).digest('hex');
    expect(await files.upload(bytes)).toEqual({ blob: sha, size: 10 });
    const streamed = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect((await files.upload(streamed)).blob).toBe(sha);
    expect(await text(await files.download(sha))).toBe('some bytes');
    const part = await get(place, `/v1/blobs/${sha}`, { range: 'bytes=5-' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 5-9/10', 'bytes']);
    expect((await get(place, `/v1/blobs/${sha}`, {}, 'HEAD')).headers.get('content-length')).toBe('10');
    const empty = await files.upload(new Uint8Array());
    expect([empty.size, await text(await files.download(empty.blob))]).toEqual([0, '']);
    expect((await refusal(files.download('0'.repeat(64)))).code).toBe('not_found');
    expect((await refusal(files.download('nonsense'))).code).toBe('malformed');
    expect((await refusal(place.as('viewer').files.upload(bytes))).code).toBe('forbidden');
  });

  test('a blob at its limit is kept, one byte more is refused', async () => {
    await using place = await openApiYard({ limits: { blobBytes: 1_000 } });
    const { files } = place.as('ada');
    expect((await files.upload(new Uint8Array(1_000))).size).toBe(1_000);
    expect((await refusal(files.upload(new Uint8Array(1_001)))).code).toBe('too_large');
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(500)) });
    await expect(files.upload(endless)).rejects.toThrow();
    expect((await files.upload(new Uint8Array(10))).size).toBe(10);
  });

  test('what a task left is a download and never a page', async () => {
    await using place = await openApiYard();
    const { worker, task } = await running(place);
    const { blob } = await place.as('worker').files.upload(Buffer.from('<script>alert(1)</script>'));
    worker.say(end(task, { artifacts: [{ path: 'out/a b"é.html', blob, size: 25 }] }));
    await worker.hear('ended');
    await worker.cut();
    const { tasks } = place.as('ada');
    expect(await tasks.artifacts(task)).toEqual([{ path: 'out/a b"é.html', blob, size: 25 }]);
    expect(await text(await tasks.artifact(task, 'out/a b"é.html'))).toBe('<script>alert(1)</script>');
    const { headers } = await get(place, `/v1/tasks/${task}/artifacts/out/${encodeURIComponent('a b"é.html')}`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': `attachment; filename="a_b__.html"; filename*=UTF-8''a%20b%22%C3%A9.html`,
    });
    expect((await refusal(tasks.artifact(task, 'out/other'))).code).toBe('not_found');
    expect((await refusal(tasks.artifact(task, '../../etc/passwd'))).code).toBe('not_found');
    expect((await refusal(place.as('bob').tasks.artifacts(task))).code).toBe('not_found');
  });
});

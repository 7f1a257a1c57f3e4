import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { Yard } from '../system/lib/yard.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

/** Twice what it may take: goodbyes and draining each take half of `stop-timeout`, the rest is for a slow machine. */
const bound = 20_000;

describe('an orderly stop ends in bounded time, with exit code 0,', () => {
  it('with a half request, a kept connection, a silent one, followers, a reader that does not read, and a task that runs', async () => {
    const yard = await Yard.forTest();
    const { url } = await yard.start(['--stop-timeout', '2s', '--local-worker-slots', '1']);
    const client = await yard.client();
    const token = await yard.adminToken();
    const bearer = `Host: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n`;
    const { job } = await client.jobs.submit({
      spec: { argv: ['sh', '-c', 'head -c 4000000 /dev/zero | tr "\\\\0" y; touch started; exec sleep 600'], cwd: yard.dir.path },
    });
    await until(async () => (await client.tasks.logLength(job.firstTask)) > 3_000_000);

    await open(url, '');
    await open(url, 'POST /v1/jobs HTTP/1.1\r\nHost: 127.0');
    await open(url, `POST /v1/jobs HTTP/1.1\r\n${bearer}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"spec"`);
    await open(url, `POST /v1/blobs HTTP/1.1\r\n${bearer}Content-Length: 100000000\r\n\r\nhalf a file`);
    const kept = await open(url, `GET /v1/stats HTTP/1.1\r\n${bearer}\r\n`);
    await once(kept, 'data');
    const feed = await open(url, `GET /v1/changes HTTP/1.1\r\n${bearer}\r\n`);
    await once(feed, 'data');
    const stuck = await open(url, `GET /v1/tasks/${job.firstTask}/log?follow=1 HTTP/1.1\r\n${bearer}\r\n`);
    await once(stuck, 'readable');
    stuck.pause();
    const waiting = client.jobs.wait(job.id).then(
      () => 'ended',
      () => 'told',
    );

    const began = performance.now();
    expect(await yard.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(bound);
    expect(await waiting).toBe('told');

    // The task was handed back, not lost, and goes on with the next server.
    await yard.start(['--no-local-worker']);
    const again = await yard.client();
    expect(['ready', 'waiting']).toContain((await again.tasks.show(job.firstTask)).state);
    expect((await again.tasks.show(job.firstTask)).losses).toBe(0);
  }, 90_000);

  it('while submissions come in: each is answered or cut, and what was answered is there', async () => {
    const yard = await Yard.forTest();
    await yard.start(['--no-local-worker', '--stop-timeout', '4s']);
    const client = await yard.client();
    const taken: number[] = [];
    let going = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (going) {
        try {
          taken.push((await client.jobs.submit({ hold: true, spec: { argv: ['true'] } })).job.id);
        } catch {
          going = false;
        }
      }
    });
    await until(() => taken.length > 50);
    const code = await yard.stop();
    going = false;
    await Promise.all(callers);
    expect(code).toBe(0);
    await yard.start(['--no-local-worker']);
    const again = await yard.client();
    for (const id of taken) expect((await again.jobs.show(id)).id).toBe(id);
  }, 60_000);
});

describe('SIGUSR2 and the API', () => {
  it('change the level of the log while the server runs', async () => {
    const yard = await Yard.forTest();
    const { pid } = await yard.start(['--no-local-worker', '--log-level', 'error']);
    const level = async (): Promise<string> => {
      const answer = await fetch(`${yard.ready.url}/v1/log-level`, {
        headers: { authorization: `Bearer ${await yard.adminToken()}` },
      });
      return ((await answer.json()) as { level: string }).level;
    };
    expect(await level()).toBe('error');
    process.kill(pid, 'SIGUSR2');
    await until(async () => (await level()) === 'debug');
    process.kill(pid, 'SIGUSR2');
    await until(async () => (await level()) === 'error');
    const put = (value: string) =>
      yard.adminToken().then((token) =>
        fetch(`${yard.ready.url}/v1/log-level`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ level: value }),
        }),
      );
    expect((await put('info')).status).toBe(200);
    expect(await level()).toBe('info');
    expect((await put('loud')).status).toBe(400);
    expect(yard.errors()).toContain('log.level');
  }, 60_000);
});

describe('connections that say half a word', () => {
  it('as many as may be open harm nobody: others are answered, a stop ends them', async () => {
    const yard = await Yard.forTest();
    // Both processes need an open file for each.
    const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } };
    const limit = Number(report.userLimits?.open_files?.soft ?? 1_024);
    const many = Math.min(9_900, (Number.isNaN(limit) ? 1_000_000 : limit) - 500);
    const { url } = await yard.start(['--no-local-worker', '--stop-timeout', '4s']);
    const client = await yard.client();
    const texts = ['', 'G', 'GET /v1/stats HT', 'POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le'];
    for (let done = 0; done < many; done += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, many - done) }, (_, i) => open(url, texts[(done + i) % texts.length]!)),
      );
    }
    expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeGreaterThan(many * 0.9);
    for (let i = 0; i < 20; i++) await client.jobs.submit({ hold: true, spec: { argv: ['true'] } });
    expect((await client.jobs.list()).jobs.length).toBe(20);
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${await yard.adminToken()}` } });
    const bytes = Number(/^process_resident_memory_bytes (\S+)/m.exec(await metrics.text())?.[1]);
    // 40 KiB for each beside what an idle server has.
    expect(bytes).toBeLessThan(200e6 + many * 40_960);
    console.log(`${many} half-open connections, ${Math.round(bytes / 1e6)} MB`);
    expect(await yard.stop()).toBe(0);
  }, 90_000);
});

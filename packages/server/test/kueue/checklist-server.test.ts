import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { readKueueConfig } from '../../src/doors/kueue/config.ts';
import { until } from '../lib/until.ts';
import { ScriptedClient } from './lib/client.ts';
import { openPlace, secret } from './lib/place.ts';
import { dialWire } from './lib/wire.ts';
import { ScriptedWorker } from './lib/worker.ts';

const sh = (script: string): string[] => ['sh', '-c', script];

describe('the server, as its users must find it (kueue §8)', () => {
  test('kueue §8.10: show-job, list-jobs, list-workers and list-resources work with no secret', async () => {
    await using place = await openPlace({ globalResources: { matlab: 2 } });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    const stranger = new ScriptedClient(place.ownPort, '');
    expect((await stranger.show(id)).job_info.job_id).toBe(id);
    expect((await stranger.list()).job_infos).toHaveLength(1);
    expect(await stranger.workers()).toEqual([]);
    expect(await stranger.resources()).toEqual({ used_resources: null, total_resources: { matlab: 2 } });
  });

  test('kueue §7.6: reading without the secret can be closed by source address; with it, it stays open', async () => {
    await using place = await openPlace({ readsFrom: ['10.0.0.0/8'] });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    const refused = await client.show(id);
    expect(refused.success).toBe(false);
    expect(refused.text).toContain('--open');
    await using wire = await client.open();
    expect(await client.authenticate(wire)).toBe(true);
    wire.message('ShowJob', { job_id: id });
    expect((await wire.expect('JobInfo')).job_info.job_id).toBe(id);
  });

  test('kueue §8.16: after a restart ids go on, finished jobs and outputs are there, pending jobs run', async () => {
    await using place = await openPlace({ onDisk: true });
    const first = await ScriptedWorker.connect(place.ownPort, { secret, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    await client.wait(await client.submit(sh('echo kept')));
    const running = await client.submit(['sleep', '600']);
    await until(() => first.jobs.get(running)?.process != null);
    const pending = await client.submit(sh('echo later'));
    await place.restart();
    await first.kill();
    const after = new ScriptedClient(place.ownPort, secret);
    expect((await after.show(1)).stdout_text).toBe('kept\n');
    expect((await after.show(running)).job_info.status).toHaveProperty('Pending');
    expect(await after.workers()).toEqual([]);
    expect(await after.submit(sh('true'))).toBe(pending + 1);
    await after.remove(running);
    await using second = await ScriptedWorker.connect(place.ownPort, { secret });
    await after.wait(pending);
    expect((await after.show(pending)).stdout_text).toBe('later\n');
    expect(second.log).toContain(`end ${pending}`);
  });

  test('kueue §6.11: at shutdown everybody is told Bye before the connection ends', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, dialect: 'R19' });
    const closing = place.close();
    await until(() => worker.wire.ended);
    await closing;
    expect(worker.log).toEqual(['Bye']);
  });

  test('kueue §8.17: a head worker’s flood costs no transaction and no log line, and others are answered meanwhile', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, dialect: 'R19', ram: 16_000 });
    const client = new ScriptedClient(place.ownPort, secret);
    await until(async () => (await place.store.query.workers())[0]?.reported != null);
    await client.list();
    const told = (): number => place.lines.filter(({ level }) => level > 20).length;
    const before = { lines: told(), row: JSON.stringify((await place.store.query.workers())[0]) };
    for (let i = 0; i < 2_000; i++) {
      worker.setFree({ ram_mb: 16_000 - (i % 50) });
      worker.report((i % 7) / 2);
      if (i % 200 === 0) expect((await client.list()).jobs_pending).toBe(0);
    }
    worker.setFree({ ram_mb: 15_999 });
    worker.report(3.25);
    await until(async () => (await client.workers())[0].system_info.load_info.one === 3.25);
    expect(told()).toBe(before.lines);
    expect(JSON.stringify((await place.store.query.workers())[0])).toBe(before.row);
    // What wobbles is told in the end, once.
    await place.clock.advance(1_000);
    await until(async () => (await place.store.query.workers())[0]?.reported?.ramMb === 15_999);
  });

  test('kueue §8.18: a job that printed 100 MB breaks neither connection nor server; show-job answers with a cut text', async () => {
    await using place = await openPlace({ logCapBytes: 1_048_576 });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    worker.status(id, 0);
    const before = process.memoryUsage().rss;
    let most = 0;
    // 100 MB of text, 120 MB of JSON: control characters grow six-fold, as in the real programs' messages.
    const megabyte = `${'x'.repeat(999_900 - 40_000)}${'\\u001b'.repeat(40_000)}\\n`;
    const { socket } = worker.wire;
    const write = (text: string): Promise<void> =>
      new Promise((resolve) => void (socket.write(text) ? resolve() : socket.once('drain', resolve)));
    await write(`{"UpdateJobResults":{"job_id":${id},"stdout_text":"begin\\n`);
    for (let i = 0; i < 100; i++) {
      await write(megabyte);
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    await write('end\\n","stderr_text":null}}');
    worker.resources();
    await client.wait(id);
    const { stdout_text } = await client.show(id);
    expect(stdout_text.startsWith('begin\nxxx')).toBe(true);
    expect(stdout_text.endsWith('end\n')).toBe(true);
    expect(stdout_text).toContain('bytes in the middle were not kept');
    expect(stdout_text.length).toBeLessThan(1_100_000);
    // Garbage included; whoever kept the message would hold its 120 MB of bytes and a string of them.
    expect(most).toBeLessThan(200_000_000);
    expect(worker.wire.ended).toBe(false);
  }, 60_000);

  test('kueue §8.23: a client killed while waiting, or one that leaves without Bye, leaves nothing behind', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    for (const end of ['kill', 'closed'] as const) {
      const wire = await client.open();
      wire.message('ObserveJob', { job_id: id });
      await wire.expect('JobUpdated');
      await wire[end]();
    }
    await until(() => place.listener.connections() === 0);
    await client.remove(id);
    expect(place.lines.filter(({ level }) => level >= 40)).toEqual([]);
    expect(place.clock.pending).toBeLessThan(4);
  });

  test('kueue §8.24: a server listening for both families is reached by localhost, 127.0.0.1 and ::1', async () => {
    await using place = await openPlace({ hosts: ['127.0.0.1', '::1'] });
    for (const host of ['localhost', '127.0.0.1', '::1']) {
      await using wire = await dialWire(place.port, 'client', 'R18', host);
      wire.send('"HelloFromClient"');
      await wire.expect('WelcomeClient');
    }
  });

  test('kueue §8.25: a config file of the real programs is understood as it is', () => {
    const text = [
      '[common_settings]',
      'shared_secret = "tP3zq0bq"',
      'server_name = "ralab29"',
      'server_port = 11236',
      'log_level = "info"',
      '[server_settings]',
      'bind_addresses = "0.0.0.0 [::]"',
      'maintenance_interval_seconds = 60',
      'worker_timeout_seconds = 300',
      'job_offer_timeout_seconds = 60',
      'job_cleanup_after_minutes = 2880',
      'global_max_parallel_jobs = 100',
      '[worker_settings]',
      'dynamic_cpu_load_scale_factor = 1.0',
      '[restart_workers]',
      'hostnames = "a b"',
      '[global_resources]',
      'matlab = 2',
      '[switchyard]',
      'ours = true',
    ].join('\n');
    expect(readKueueConfig(text)).toEqual({
      value: {
        secret: 'tP3zq0bq',
        port: 11_236,
        hosts: ['0.0.0.0', '::'],
        workerTimeoutMs: 300_000,
        offerTimeoutMs: 60_000,
        maintenanceMs: 60_000,
        cleanupAfterMinutes: 2_880,
        globalMaxParallelJobs: 100,
        globalResources: { matlab: 2 },
      },
    });
    expect(readKueueConfig('[server_settings]\nworker_timeout_seconds = "x"').refusal?.detail).toContain(
      'server_settings.worker_timeout_seconds',
    );
    expect(readKueueConfig('= 1').refusal?.code).toBe('malformed');
  });

  test('kueue §1: on the shared port the first byte decides, and both kinds of hello are taken', async () => {
    await using place = await openPlace();
    await using client = await dialWire(place.port, 'client', 'R18');
    client.send(' \r\n"HelloFromClient"');
    await client.expect('WelcomeClient');
    await using worker = await dialWire(place.port, 'worker', 'R18');
    worker.send('{"HelloFromWorker":["positional"]}');
    await worker.expect('WelcomeWorker');
    const http = connect(place.port, '127.0.0.1');
    http.end('GET /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    let seen = '';
    for await (const bytes of http) seen += String(bytes);
    expect(seen).toMatch(/^HTTP\/1.1 404/);
  });
});

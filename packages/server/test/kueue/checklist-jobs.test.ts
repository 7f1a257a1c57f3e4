import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { ScriptedClient } from './lib/client.ts';
import { openPlace, secret } from './lib/place.ts';
import { dialects } from './lib/strict.ts';
import { ScriptedWorker } from './lib/worker.ts';

const sh = (script: string): string[] => ['sh', '-c', script];

describe('jobs, as the real programs must find them (kueue §8)', () => {
  test('kueue §8.1: clients of all dialects submit, list, show and wait, each for jobs of the others', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    expect(worker.free.job_slots).toBe(10);
    const clients = dialects.map((dialect) => new ScriptedClient(place.ownPort, secret, dialect));
    const ids: number[] = [];
    for (const client of clients) ids.push(await client.submit(sh(`echo ${client.dialect}`)));
    for (const client of clients) {
      for (const [i, id] of ids.entries()) {
        expect(await client.wait(id)).toEqual({ code: 0, out: '', err: '' });
        expect((await client.show(id)).stdout_text).toBe(`${dialects[i]}\n`);
      }
      const { job_infos, jobs_succeeded } = await client.list();
      expect(job_infos.map((job: { job_id: number }) => job.job_id)).toEqual(ids);
      expect(jobs_succeeded).toBe(3);
    }
  });

  test('kueue §8.2: workers of all dialects run jobs side by side, whoever issued them', async () => {
    await using place = await openPlace();
    await using stack = new AsyncDisposableStack();
    const workers: ScriptedWorker[] = [];
    for (const dialect of dialects) {
      workers.push(
        stack.use(await ScriptedWorker.connect(place.ownPort, { secret, dialect, name: dialect, slots: 1, silent: true })),
      );
    }
    const ids: number[] = [];
    for (const dialect of dialects) ids.push(await new ScriptedClient(place.ownPort, secret, dialect).submit(sh('echo $0')));
    await until(() => workers.every((worker) => worker.jobs.size === 1));
    for (const worker of workers) worker.speak();
    await until(() => workers.every((worker) => [...worker.jobs.values()].every(({ status }) => status !== null)));
    for (const worker of workers) for (const id of [...worker.jobs.keys()]) worker.finish(id, 0, `ran on ${id}\n`);
    const client = new ScriptedClient(place.ownPort, secret);
    const names = new Set<string>();
    for (const id of ids) {
      await client.wait(id);
      const { job_info, stdout_text } = await client.show(id);
      expect(stdout_text).toBe(`ran on ${id}\n`);
      names.add(job_info.status.Finished.worker);
    }
    expect([...names].sort()).toEqual(['R17', 'R18', 'R19']);
  });

  test('kueue §8.3: cmd prints only the id; show-job has return code and output', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    expect(await client.cmd(sh('echo hi; echo oh >&2; exit 3'))).toEqual({ code: 0, out: '1\n', err: '' });
    await client.wait(1);
    const { job_info, stdout_text, stderr_text } = await client.show(1);
    expect([stdout_text, stderr_text]).toEqual(['hi\n', 'oh\n']);
    expect(job_info.status.Finished).toMatchObject({ return_code: 3, worker: 'node1' });
    expect(worker.log).toEqual(['offer 1', 'accept 1', 'confirm 1', 'end 1']);
  });

  test('kueue §8.4: cmd --wait prints the return code and exits 0; two such clients get their own', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    const both = await Promise.all([client.cmd(sh('exit 7'), { wait: true }), client.cmd(sh('exit 0'), { wait: true })]);
    expect(both).toEqual([
      { code: 0, out: '7\n', err: '' },
      { code: 0, out: '0\n', err: '' },
    ]);
    expect(worker.jobs.size).toBe(0);
  });

  test('kueue §8.5: wait-job on a finished job returns at once, on an unknown id exits 1; then show-job has the output', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('echo out'));
    await until(() => worker.jobs.size === 1);
    worker.speak();
    await until(() => worker.log.includes(`confirm ${id}`));
    const waiting = client.wait(id);
    // The status alone ends nothing yet: the outputs are waited for.
    worker.status(id, 0);
    await until(async () => (await client.show(id)).job_info.status.Running !== undefined);
    worker.wire.message('UpdateJobResults', { job_id: id, stdout_text: 'out\n', stderr_text: null });
    expect((await waiting).code).toBe(0);
    expect((await client.show(id)).stdout_text).toBe('out\n');
    expect((await client.wait(id)).code).toBe(0);
    expect((await client.wait(99)).code).toBe(1);
    expect(await client.show(99)).toEqual({ success: false, text: 'no job 99' });
  });

  test.each([10, 100_000])(
    'kueue §8.5 §6.9: whoever hears that a job is over finds all of its output (%i bytes)',
    async (bytes) => {
      await using place = await openPlace();
      await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
      const client = new ScriptedClient(place.ownPort, secret);
      const id = await client.submit(sh('true'));
      const lengths: Promise<number>[] = [];
      place.engine.feed.subscribe({ task: id }, (changes) => {
        if (changes.some(({ json }) => json.includes('"succeeded"'))) {
          lengths.push(place.engine.logs.lengths(id, 1).then(({ out, err }) => out + err));
        }
      });
      await until(() => worker.jobs.has(id));
      worker.say('Accept', id);
      await until(() => worker.log.includes(`confirm ${id}`));
      worker.finish(id, 0, 'x'.repeat(bytes), 'y'.repeat(bytes));
      await until(() => lengths.length === 1);
      expect(await lengths[0]).toBe(2 * bytes);
    },
  );

  test('kueue §8.6: remove-job of a pending job ends its cmd --wait with exit 0 and no output', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const waiting = client.cmd(sh('true'), { wait: true });
    await until(async () => (await client.list()).jobs_pending === 1);
    expect((await client.remove(1)).code).toBe(0);
    expect(await waiting).toEqual({ code: 0, out: '', err: '' });
  });

  test('kueue §8.7: a running job is removed only with -k; then its process is gone and the worker takes the next', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['sleep', '600']);
    await until(() => worker.jobs.get(id)?.process != null);
    const { process } = worker.jobs.get(id)!;
    const next = await client.submit(sh('echo next'));
    const waiting = client.wait(id);
    const polite = await client.remove(id);
    expect(polite).toEqual({ code: 0, out: `job ${id} is running; add -k (--kill) to kill it`, err: '' });
    expect((await client.show(id)).job_info.status).toHaveProperty('Running');
    expect((await client.remove(id, true)).out).toContain('canceled');
    expect((await waiting).code).toBe(0);
    expect((await client.show(id)).job_info.status).toHaveProperty('Canceled');
    await client.wait(next);
    expect((await client.show(next)).stdout_text).toBe('next\n');
    expect(process?.signalCode).toBe('SIGKILL');
    expect((await client.show(id)).job_info.status).toHaveProperty('Canceled');
    expect(worker.free.job_slots).toBe(1);
  });

  test('kueue §8.8: a job canceled while offered never starts; the worker stays, its slots free again', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('echo never'));
    await until(() => worker.jobs.has(id));
    expect((await client.show(id)).job_info.status).toHaveProperty('Offered');
    expect((await client.remove(id)).code).toBe(0);
    await until(() => worker.log.includes(`withdraw ${id}`));
    worker.say('Accept', id);
    await until(() => worker.log.filter((line) => line === `withdraw ${id}`).length === 2);
    worker.speak();
    const next = await client.submit(sh('echo next'));
    await until(() => worker.log.includes(`confirm ${next}`));
    expect(worker.log).not.toContain(`confirm ${id}`);
    expect((await client.workers())[0].jobs_running).toEqual([next]);
    // A late Defer or Reject for what is over is nothing to hang up for.
    worker.say('Defer', id);
    worker.say('Reject', id);
    worker.finish(next, 0);
    expect((await client.wait(next)).code).toBe(0);
    expect(worker.wire.ended).toBe(false);
  });

  test('kueue §8.12: more jobs than cores: never more at once than slots, cpus and RAM allow; each runs once', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, slots: 3, cpus: 4, ram: 100 });
    const client = new ScriptedClient(place.ownPort, secret);
    let most = 0;
    const counted = worker.wire.onMessage!;
    worker.wire.onMessage = (message) => {
      counted(message);
      const running = [...worker.jobs.values()].filter(({ process }) => process !== null).length;
      most = Math.max(most, running);
    };
    const ids: number[] = [];
    for (let i = 0; i < 12; i++) ids.push(await client.submit(sh('true'), { cpus: 2, ram: 50 }));
    for (const id of ids) await client.wait(id);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    for (const id of ids) expect(worker.log.filter((line) => line === `confirm ${id}`)).toHaveLength(1);
    expect((await client.list()).jobs_succeeded).toBe(12);
  });

  test('kueue §8.13: a global resource is never given out twice; too much of it or an unknown one is rejected', async () => {
    await using place = await openPlace({ globalResources: { matlab: 2, vcs: 10 } });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    for (let i = 0; i < 6; i++) await client.submit(sh('true'), { resources: { matlab: 1 } });
    worker.speak();
    for (let done = 0; done < 6; ) {
      await until(() => worker.jobs.size > 0 && [...worker.jobs.values()].every(({ status }) => status !== null));
      expect(worker.jobs.size).toBeLessThanOrEqual(2);
      const used = (await client.resources()).used_resources?.matlab ?? 0;
      expect(used).toBeLessThanOrEqual(2);
      for (const id of [...worker.jobs.keys()]) {
        worker.finish(id, 0);
        await client.wait(id);
        done++;
      }
    }
    const much = await client.cmd(sh('true'), { resources: { matlab: 3 } });
    expect(much).toMatchObject({ code: 1, out: '' });
    expect(much.err).toContain('matlab: 3 wanted, 2 exist');
    expect((await client.cmd(sh('true'), { resources: { nothing: 1 } })).code).toBe(1);
    expect(await client.resources()).toEqual({ used_resources: null, total_resources: { matlab: 2, vcs: 10 } });
  });

  test('kueue §8.13 §6.4: a license of a killed job is free again only when its worker has reported', async () => {
    await using place = await openPlace({ globalResources: { matlab: 1 } });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const first = await client.submit(sh('true'), { resources: { matlab: 1 } });
    const second = await client.submit(sh('true'), { resources: { matlab: 1 } });
    await until(() => worker.jobs.has(first));
    worker.say('Accept', first);
    await until(() => worker.log.includes(`confirm ${first}`));
    await client.remove(first, true);
    await until(() => worker.log.includes(`kill ${first}`));
    expect((await client.show(first)).job_info.status).toHaveProperty('Canceled');
    expect((await client.resources()).used_resources).toEqual({ matlab: 1 });
    worker.resources();
    await client.list();
    expect(worker.jobs.has(second)).toBe(false);
    worker.finish(first, -46);
    await until(() => worker.jobs.has(second));
  });

  test('kueue §8.14: global_max_parallel_jobs = 1 with two idle workers: strictly one job at a time', async () => {
    await using place = await openPlace({ globalMaxParallelJobs: 1 });
    await using one = await ScriptedWorker.connect(place.ownPort, { secret, name: 'one', silent: true });
    await using two = await ScriptedWorker.connect(place.ownPort, { secret, name: 'two', silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const ids = [await client.submit(sh('true')), await client.submit(sh('true')), await client.submit(sh('true'))];
    for (const id of ids) {
      await until(() => one.jobs.size + two.jobs.size > 0);
      await client.list();
      expect([...one.jobs.keys(), ...two.jobs.keys()]).toEqual([id]);
      const worker = one.jobs.has(id) ? one : two;
      worker.say('Accept', id);
      await until(() => worker.log.includes(`confirm ${id}`));
      worker.finish(id, 0);
      await client.wait(id);
    }
    const large = await client.cmd(sh('true'), { slots: 2 });
    expect(large.code).toBe(1);
  });

  test('kueue §8.20: 2^64 - 1 megabytes are refused with a reason; the list is still readable; a 3-row terminal works', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await client.submit(sh('true'));
    for (const option of ['ram', 'cpus', 'slots'] as const) {
      const huge = await client.cmd(['true'], { [option]: '18446744073709551615' });
      expect(huge.code).toBe(1);
      expect(huge.err).toContain('9007199254740991');
    }
    const pool = await client.cmd(['true'], { resources: { matlab: '18446744073709551615' } });
    expect(pool.code).toBe(1);
    const { job_infos } = await client.list({}, '18446744073709551615');
    expect(job_infos).toHaveLength(1);
    expect(await client.show('18446744073709551615')).toMatchObject({ success: false });
    expect((await client.wait('18446744073709551615')).code).toBe(1);
  });

  test('kueue §8.21: list-jobs with its filters: the last rows, ascending, with totals over all', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    const ids: number[] = [];
    for (let i = 1; i <= 9; i++) ids.push(await client.submit(sh(`exit ${i % 3}`)));
    for (const id of ids) await client.wait(id);
    await worker.kill();
    await client.submit(sh('true'));
    const idsOf = async (flags: Record<string, boolean>, num: number): Promise<number[]> =>
      (await client.list(flags, num)).job_infos.map((job: { job_id: number }) => job.job_id);
    expect(await idsOf({}, 996)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await idsOf({}, 0)).toEqual([]);
    expect(await idsOf({ failed: true, succeeded: true }, 5)).toEqual([5, 6, 7, 8, 9]);
    expect(await idsOf({ succeeded: true }, 2)).toEqual([6, 9]);
    expect(await idsOf({ pending: true }, 5)).toEqual([10]);
    expect(await idsOf({ canceled: true, running: true, offered: true }, 5)).toEqual([]);
    expect(await client.list({ failed: true }, 1)).toMatchObject({
      jobs_pending: 1,
      jobs_offered: 0,
      jobs_running: 0,
      jobs_succeeded: 3,
      jobs_failed: 6,
      jobs_canceled: 0,
    });
  });

  test('kueue §8.22: clean-jobs keeps failed, pending and running jobs; -a removes failed ones too', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    await client.wait(await client.submit(sh('exit 0')));
    await client.wait(await client.submit(sh('exit 1')));
    const running = await client.submit(['sleep', '600']);
    await until(() => worker.jobs.get(running)?.process != null);
    await client.submit(sh('exit 0'));
    const canceled = await client.submit(sh('exit 0'));
    await client.remove(canceled);
    const listed = async (): Promise<number[]> => (await client.list()).job_infos.map((job: { job_id: number }) => job.job_id);
    expect(await client.clean()).toEqual({ code: 0, out: '2 jobs removed', err: '' });
    expect(await listed()).toEqual([2, 3, 4]);
    expect((await client.clean(true)).out).toBe('1 jobs removed');
    expect(await listed()).toEqual([3, 4]);
    // Canceled, but not reported yet: it stays.
    worker.wire.onMessage = () => {};
    await client.remove(running, true);
    expect((await client.clean(true)).out).toBe('0 jobs removed');
    expect(await listed()).toEqual([3, 4]);
  });

  test('kueue §8.19: text in UTF-8, output that is none, a byte at a time, ten messages in one packet', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const folder = join(place.folder, 'Größe 大きさ 😀');
    await mkdir(folder);
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['sh', '-c', 'pwd; printf "$0"', 'naïve 😀\n'], { cwd: folder, out: null });
    await client.wait(id);
    const { job_info, stdout_text } = await client.show(id);
    expect(job_info.cwd).toBe(folder);
    expect(stdout_text).toBe(`${folder}\nnaïve 😀\n`);
    expect(worker.jobs.size).toBe(0);

    const wire = await client.open();
    wire.socket.setNoDelay(true);
    for (const byte of Buffer.from('"ListWorkers"{"ShowJob":{"job_id":1}}')) {
      await new Promise((resolve) => wire.socket.write(Uint8Array.of(byte), resolve));
    }
    await wire.expect('WorkerList');
    await wire.expect('JobInfo');
    wire.send('{"ShowJob":{"job_id":1}} \t\r\n"ListResources"'.repeat(5));
    for (let i = 0; i < 5; i++) {
      await wire.expect('JobInfo');
      await wire.expect('ResourceList');
    }
    wire.send('"Bye"');
    await wire.closed();
  });
});

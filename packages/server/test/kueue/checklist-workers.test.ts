import { describe, expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { ScriptedClient } from './lib/client.ts';
import { openPlace, secret } from './lib/place.ts';
import { ScriptedWorker } from './lib/worker.ts';

const sh = (script: string): string[] => ['sh', '-c', script];

describe('workers, as the real programs behave (kueue §8)', () => {
  test('kueue §8.9: a wrong secret: client and worker are told so and closed, the server is unharmed', async () => {
    await using place = await openPlace();
    const wrongs = (): number => place.lines.filter(({ msg }) => msg === 'kueue:wrong-secret').length;
    const wrong = new ScriptedClient(place.ownPort, 'wrong');
    await using wire = await wrong.open();
    wire.send('"AuthRequest"');
    await wire.expect('AuthChallenge');
    wire.message('AuthResponse', 'A'.repeat(43));
    await until(() => wrongs() === 1);
    await place.clock.advance(1_000);
    expect(await wire.expect('AuthAccepted')).toBe(false);
    wire.send(wrong.issue(['true']));
    expect(await wire.expect('RequestResponse')).toEqual({ success: false, text: 'not authenticated' });
    expect(await wire.next()).toBe(null);

    const worker = ScriptedWorker.connect(place.ownPort, { secret: 'wrong' });
    await until(() => wrongs() === 2);
    await place.clock.advance(1_000);
    await expect(worker).rejects.toThrow('not accepted');
    const client = new ScriptedClient(place.ownPort, secret);
    expect(await client.workers()).toEqual([]);
    expect((await client.cmd(['true'])).code).toBe(0);
  });

  test('kueue §8.11: a job whose cwd exists on one worker only ends up there, though the other is idle and asked first', async () => {
    await using place = await openPlace();
    await using idle = await ScriptedWorker.connect(place.ownPort, { secret, name: 'idle', has: () => false });
    await using busy = await ScriptedWorker.connect(place.ownPort, { secret, name: 'busy' });
    busy.setFree({ job_slots: 1, cpus: 2 });
    busy.resources();
    const client = new ScriptedClient(place.ownPort, secret);
    await until(async () => (await client.workers())[1]?.free_resources.cpus === 2);
    const id = await client.submit(sh('true'));
    expect((await client.wait(id)).code).toBe(0);
    expect((await client.show(id)).job_info.status.Finished.worker).toBe('busy');
    expect(idle.log).toEqual([`offer ${id}`, `reject ${id}`]);
    // Rejected is for the rest of that connection.
    idle.resources();
    await busy.kill();
    const again = await client.submit(sh('true'));
    await until(() => idle.log.includes(`reject ${again}`));
    expect(idle.log.filter((line) => line === `offer ${id}`)).toHaveLength(1);
  });

  test('kueue §8.15: a worker killed in mid-job: the job is pending at once, keeps its id and runs elsewhere', async () => {
    await using place = await openPlace();
    const first = await ScriptedWorker.connect(place.ownPort, { secret, name: 'first' });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['sleep', '600']);
    await until(() => first.jobs.get(id)?.process != null);
    const before = (await client.show(id)).job_info.status.Running.issued;
    await first.kill();
    await until(async () => 'Pending' in (await client.show(id)).job_info.status);
    expect((await client.show(id)).job_info.status.Pending.issued).toBe(before);
    await until(async () => (await client.workers()).length === 0);
    await using second = await ScriptedWorker.connect(place.ownPort, { secret, name: 'second' });
    await until(() => second.jobs.get(id)?.process != null);
    expect((await client.show(id)).job_info.status.Running.worker).toBe('second');
    await client.remove(id, true);
  });

  test('kueue §6.8: a worker that is silent for too long is closed, and its job is pending again', async () => {
    await using place = await openPlace({ workerTimeoutMs: 300_000 });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    await place.clock.advance(200_000);
    worker.report();
    await until(async () => (await client.workers())[0].last_updated >= new Date(place.clock.now()).toISOString());
    await place.clock.advance(200_000);
    expect(worker.wire.ended).toBe(false);
    await place.clock.advance(101_000);
    await until(() => worker.wire.ended);
    await until(async () => 'Pending' in (await client.show(id)).job_info.status);
  });

  test('kueue §6.8: an offer that expires is withdrawn; the worker gets others; its late Accept is answered by Withdraw', async () => {
    await using place = await openPlace({ offerTimeoutMs: 60_000 });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    await place.clock.advance(61_000);
    await until(() => worker.log.includes(`withdraw ${id}`));
    expect((await client.show(id)).job_info.status).toHaveProperty('Pending');
    const other = await client.submit(sh('true'));
    await until(() => worker.jobs.has(other));
    worker.say('Accept', id);
    await until(() => worker.log.filter((line) => line === `withdraw ${id}`).length === 2);
    expect(worker.wire.ended).toBe(false);
    worker.say('Accept', other);
    await until(() => worker.log.includes(`confirm ${other}`));
    expect(worker.log).not.toContain(`confirm ${id}`);
    // It has answered: the first job may come to it again.
    worker.finish(other, 0);
    await until(() => worker.log.filter((line) => line === `offer ${id}`).length === 2);
  });

  test('kueue §6.3: a deferred job goes to the next worker at once, and back only after the first reports anew', async () => {
    await using place = await openPlace();
    await using full = await ScriptedWorker.connect(place.ownPort, { secret, name: 'full', cpus: 8 });
    const client = new ScriptedClient(place.ownPort, secret);
    // It has less than it said last.
    full.setFree({ cpus: 1 });
    const id = await client.submit(sh('true'), { cpus: 4 });
    await until(() => full.log.includes(`defer ${id}`));
    expect((await client.show(id)).job_info.status).toHaveProperty('Pending');
    full.setFree({ cpus: 4 });
    full.resources();
    await until(() => full.log.includes(`confirm ${id}`));
    expect((await client.wait(id)).code).toBe(0);
  });

  test('kueue §6.3: the least busy worker that fits is asked first', async () => {
    await using place = await openPlace();
    await using one = await ScriptedWorker.connect(place.ownPort, { secret, name: 'one', silent: true });
    await using two = await ScriptedWorker.connect(place.ownPort, { secret, name: 'two', silent: true });
    one.setFree({ cpus: 3 });
    one.resources();
    const client = new ScriptedClient(place.ownPort, secret);
    await until(async () => (await client.workers()).some(({ free_resources }) => free_resources.cpus === 3));
    await until(async () => (await place.store.query.workers()).map(({ reported }) => reported?.cpus).join() === '3,8');
    const id = await client.submit(sh('true'));
    await until(() => one.jobs.size + two.jobs.size > 0);
    expect(two.jobs.has(id)).toBe(true);
  });

  test('kueue §6.9: reports of a job that is not this connection’s are dropped, and nobody is closed', async () => {
    await using place = await openPlace();
    await using owner = await ScriptedWorker.connect(place.ownPort, { secret, name: 'same', silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => owner.jobs.has(id));
    owner.say('Accept', id);
    await until(() => owner.log.includes(`confirm ${id}`));
    await using stranger = await ScriptedWorker.connect(place.ownPort, { secret, name: 'same' });
    stranger.status(id, 0);
    stranger.wire.message('UpdateJobResults', { job_id: id, stdout_text: 'forged\n', stderr_text: null });
    stranger.say('Accept', id);
    await until(() => stranger.log.includes(`withdraw ${id}`));
    expect((await client.show(id)).job_info.status).toHaveProperty('Running');
    owner.finish(id, 0, 'genuine\n');
    await client.wait(id);
    expect((await client.show(id)).stdout_text).toBe('genuine\n');
    expect(stranger.wire.ended).toBe(false);
  });

  test('kueue §6.9: results that never come are waited for a few seconds, then the job is over all the same', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    const timers = place.clock.pending;
    worker.status(id, 4);
    await until(() => place.clock.pending > timers);
    expect((await client.show(id)).job_info.status).toHaveProperty('Running');
    await place.clock.advance(5_000);
    await client.wait(id);
    expect((await client.show(id)).job_info.status.Finished.return_code).toBe(4);
  });

  test('kueue §6.9: a worker that dies between status and results has still ended its job', async () => {
    await using place = await openPlace();
    const worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    const timers = place.clock.pending;
    worker.status(id, 0);
    await until(() => place.clock.pending > timers);
    await worker.kill();
    await client.wait(id);
    expect((await client.show(id)).job_info.status.Finished.return_code).toBe(0);
  });

  test.each([
    [-43, 'start', -43],
    [-44, 'signal', -44],
    [-45, 'error', -45],
    [77, 'exit', 77],
  ])('kueue §2.2: return code %i is a failure by %s and is shown as %i again', async (code, reason, shown) => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    worker.finish(id, code);
    await client.wait(id);
    const row = await place.store.query.task(id);
    expect(row?.task.state).toMatchObject({ state: 'failed', reason });
    const { return_code, comment } = (await client.show(id)).job_info.status.Finished;
    expect([return_code, comment.includes('Job finished orderly.')]).toEqual([shown, true]);
  });

  test('kueue §8.25 §6.8: a worker restarted under its old name is usable at once while its old connection lingers', async () => {
    await using place = await openPlace();
    await using old = await ScriptedWorker.connect(place.ownPort, { secret, name: 'node17', silent: true });
    await using anew = await ScriptedWorker.connect(place.ownPort, { secret, name: 'node17' });
    const client = new ScriptedClient(place.ownPort, secret);
    await until(async () => (await client.workers()).length === 2);
    const first = await client.submit(sh('true'));
    const second = await client.submit(sh('true'));
    await until(() => anew.log.some((line) => line.startsWith('end ')));
    const ran = anew.log.includes(`end ${first}`) ? first : second;
    await client.wait(ran);
    expect((await client.show(ran)).job_info.status.Finished.worker).toBe('node17');
    expect((await client.workers()).map(({ worker_name }) => worker_name)).toEqual(['node17', 'node17']);
    expect(old.wire.ended).toBe(false);
  });

  test('kueue §4.6: a head worker that says Bye is gone at once, and its jobs are pending again', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, dialect: 'R19', silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(sh('true'));
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    worker.wire.send('"Bye"');
    await until(async () => 'Pending' in (await client.show(id)).job_info.status);
    expect(await client.workers()).toEqual([]);
  });

  test('kueue §7.7: a worker is registered only after it proved itself, and closed on any other message before', async () => {
    await using place = await openPlace();
    const { dialWire } = await import('./lib/wire.ts');
    await using wire = await dialWire(place.ownPort, 'worker', 'R18');
    wire.message('HelloFromWorker', { worker_name: 'thief' });
    await wire.expect('WelcomeWorker');
    await wire.expect('AuthChallenge');
    wire.message('UpdateResources', { job_slots: 1, cpus: 1, ram_mb: 1 });
    expect(await wire.next()).toBe(null);
    expect(await new ScriptedClient(place.ownPort, secret).workers()).toEqual([]);
  });

  test('kueue §2.2: list-workers shows what the worker said last, and words where it said nothing', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, name: 'no\u0007de\n17', cpus: 16 });
    const client = new ScriptedClient(place.ownPort, secret, 'R19');
    worker.systemInfo(null);
    worker.resources();
    const [first] = await client.workers();
    await until(async () => (await client.worker(first.worker_id)).system_info.load_info.one === 0);
    await until(async () => (await client.workers())[0].free_resources.cpus === 16);
    const [shown] = await client.workers();
    expect(shown).toMatchObject({
      worker_name: 'no de 17',
      system_info: { kernel: '6.1.0', cpu_cores: 16, load_info: { one: 0, five: 0.25, fifteen: 0.1 } },
      free_resources: { job_slots: 10, cpus: 16, ram_mb: 16_000 },
      jobs_offered: [],
      jobs_running: [],
    });
    expect(await client.worker(shown.worker_id)).toEqual(shown);
    expect(await client.worker(999)).toEqual({ success: false, text: 'no worker 999' });
  });
});

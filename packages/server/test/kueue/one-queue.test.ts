import { describe, expect, test } from 'vitest';
import type { Assignment } from '../../src/engine/commands.ts';
import { compile } from '../../src/kinds/index.ts';
import { until } from '../lib/until.ts';
import { ScriptedClient } from './lib/client.ts';
import { admin, openPlace, type Place, secret } from './lib/place.ts';
import { ScriptedWorker } from './lib/worker.ts';

/** As `/v1/jobs` takes it. */
async function submit(place: Place, spec: Record<string, unknown>, kind = 'shell'): Promise<number[]> {
  const plan = compile({ kind, spec } as never);
  if (plan.refusal !== undefined) throw new Error(plan.refusal.detail);
  const submitted = await place.engine.submit(admin, plan.value);
  if (submitted.refusal !== undefined) throw new Error(submitted.refusal.detail);
  return [...submitted.value.taskIds];
}

/** A worker as our own is to the engine: attempts begin at once. */
async function ourWorker(place: Place, got: Assignment[]) {
  const total = { slots: 4, cpus: 8, ramMb: 16_000, named: {} };
  const profile = { graceMs: 0, connection: true, leaseMs: 0, ephemeral: true, room: 'counted', suspends: true } as const;
  const none = { name: null, kinds: null, tags: null, total: null, info: null, keepTasks: false };
  const input = {
    key: null,
    name: 'ours',
    kinds: ['shell'],
    tags: ['files'],
    total,
    profile,
    info: { system: 'Debian', cores: 8 },
    approved: true,
  };
  const registered = await place.engine.command(admin, 'register', input);
  const worker = registered.value!.worker;
  const session = (await place.engine.command(admin, 'signOn', { worker, ...none })).value!.session;
  const run = (given: readonly Assignment[]): void => void got.push(...given);
  const handle = place.engine.sessions.attach(admin, worker, session, {
    tell: () => {},
    push: { run, offers: 0, offerMs: null },
  });
  const end = (task: number, exitCode: number) =>
    place.engine.command(admin, 'end', {
      task,
      session,
      attempt: null,
      outcome: exitCode === 0 ? 'succeeded' : 'failed',
      reason: exitCode === 0 ? null : 'exit',
      exitCode,
      signal: null,
      error: null,
      result: null,
      artifacts: [],
    });
  return { worker, session, handle, end };
}

describe('one queue, whichever door (issue 3, point 4)', () => {
  test('a shell job of our own door is listed by Kueue and runs on a Kueue worker, environment and sinks included', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    const [id] = await submit(place, {
      argv: ['sh', '-c', 'echo $A; exit 5'],
      cwd: '/tmp',
      env: { A: 'over there' },
      needs: { cpus: 2 },
    });
    await client.wait(id!);
    const { job_info, stdout_text } = await client.show(id!);
    expect(job_info).toMatchObject({
      cmd: ['env', 'A=over there', 'sh', '-c', 'echo $A; exit 5'],
      cwd: '/tmp',
      local_resources: { cpus: 2 },
    });
    expect([stdout_text, job_info.status.Finished.return_code]).toEqual(['over there\n', 5]);
    const detail = await place.engine.query.taskDetail(admin, id!);
    expect(detail.value?.attempts).toMatchObject([{ exitCode: 5, workerName: 'node1', outcome: 'failed' }]);
    expect(worker.log).toContain(`end ${id}`);
  });

  test('a Kueue job runs on a worker of ours, and kueue shows its output', async () => {
    await using place = await openPlace();
    const got: Assignment[] = [];
    const ours = await ourWorker(place, got);
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['make', 'all'], { cwd: '/src', cpus: 3, ram: 100 });
    await until(() => got.length === 1);
    expect(got[0]).toMatchObject({ task: { id }, amounts: { slots: 1, cpus: 3, ramMb: 100 } });
    expect(JSON.parse(got[0]!.body)).toEqual({
      payload: { argv: ['make', 'all'], cwd: '/src', stdout: 'capture', stderr: 'capture' },
    });
    expect((await client.workers())[0]).toMatchObject({
      worker_name: 'ours',
      jobs_running: [id],
      free_resources: { job_slots: 3, cpus: 5, ram_mb: 15_900 },
      system_info: { distribution: 'Debian', cpu_cores: 8, kernel: 'unknown' },
    });
    const bytes = Buffer.concat([Buffer.from('Grüße '), Buffer.from([0xff, 0xfe]), Buffer.from(' 😀\n')]);
    await place.engine.logs.append({ task: id, attempt: 1, stream: 'out' }, null, bytes);
    await ours.end(id, 2);
    await client.wait(id);
    const { job_info, stdout_text, stderr_text } = await client.show(id);
    expect([stdout_text, stderr_text, job_info.status.Finished.return_code]).toEqual(['Grüße �� 😀\n', null, 2]);
  });

  test('each index of an array is a job of its own; the whole array is never removed by clean-jobs', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, slots: 1 });
    const client = new ScriptedClient(place.ownPort, secret);
    const [first = 0] = await submit(place, {
      argv: ['echo', '{index}', '{item}'],
      cwd: '/',
      array: { items: ['red', 'green', 'blue'] },
    });
    for (const id of [first, first + 1, first + 2]) await client.wait(id);
    expect((await client.show(first + 1)).stdout_text).toBe('1 green\n');
    const { job_infos } = await client.list();
    expect(job_infos.map(({ cmd }: { cmd: string[] }) => cmd.join(' '))).toEqual(['echo 0 red', 'echo 1 green', 'echo 2 blue']);
    expect((await client.clean(true)).out).toBe('0 jobs removed');
    expect(worker.log.filter((line) => line.startsWith('confirm'))).toHaveLength(3);
  });

  test('remove-job takes one index out of an array; who waits for it is told', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const [first = 0] = await submit(place, { argv: ['true'], cwd: '/', array: { from: 1, to: 1_000 } });
    const waiting = client.wait(first + 500);
    await until(async () => (await client.list()).jobs_pending === 1_000);
    expect((await client.remove(first + 500)).out).toContain('canceled');
    expect((await waiting).code).toBe(0);
    expect((await client.list()).jobs_pending).toBe(999);
  });

  test('who waits for an index of an array that is canceled as a whole is told', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const [first = 0] = await submit(place, { argv: ['true'], cwd: '/', array: { from: 1, to: 1_000 } });
    const waiting = client.wait(first + 500);
    await until(async () => (await client.list()).jobs_pending === 1_000);
    const task = await place.engine.query.task(admin, first);
    await place.engine.command(admin, 'cancel', { job: task.value!.task.job, kill: false });
    expect((await waiting).code).toBe(0);
    expect((await client.list()).jobs_canceled).toBe(1_000);
  });

  test('kueue §7.9: who waits for a job that is deleted gets a last word', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['true']);
    const waiting = client.cmd(['true'], { wait: true });
    const other = client.wait(id);
    await until(async () => (await client.list()).jobs_pending === 2);
    for (const job of [1, 2]) await place.engine.command(admin, 'delete', { job });
    expect([(await other).code, await waiting]).toEqual([0, { code: 0, out: '', err: '' }]);
    expect((await client.list()).job_infos).toEqual([]);
  });

  test('what a Kueue worker cannot do is not offered to it: files, fresh folders, other resources', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    await submit(place, { argv: ['true'] });
    await submit(place, { argv: ['true'], cwd: '/', outputs: ['*.txt'] });
    await submit(place, { argv: ['true'], cwd: '/', needs: { resources: { gpu: 1 } } });
    await submit(place, { argv: ['true'], cwd: '/', needs: { tags: ['blender'] } });
    const last = await client.submit(['true']);
    await client.wait(last);
    expect(worker.log.filter((line) => line.startsWith('offer'))).toEqual([`offer ${last}`]);
    expect((await client.list()).jobs_pending).toBe(4);
  });

  test('a run-time limit is enforced on a Kueue worker: killed with Running, shown as -46', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const [id = 0] = await submit(place, { argv: ['sleep', '9'], cwd: '/', timeoutMs: 5_000 });
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    // Our own workers enforce it themselves: the server gives them a little time first.
    await place.clock.advance(8_000);
    await until(() => worker.log.includes(`kill ${id}`));
    expect(worker.jobs.get(id)?.status).toHaveProperty('Running');
    worker.finish(id, -46);
    await client.wait(id);
    expect((await client.show(id)).job_info.status.Finished).toMatchObject({
      return_code: -46,
      comment: expect.stringContaining('limit'),
    });
  });

  test('a limit on silence does not strike while the Kueue worker is there', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const [id = 0] = await submit(place, { argv: ['sleep', '9'], cwd: '/', silenceMs: 5_000 });
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    await place.clock.advance(60_000);
    expect((await client.show(id)).job_info.status).toHaveProperty('Running');
    expect(worker.log).not.toContain(`kill ${id}`);
    worker.finish(id, 0);
    await client.wait(id);
  });

  test('tasks of other kinds and their workers do not exist for Kueue', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const plan = compile({ kind: 'shell', spec: { argv: ['true'], cwd: '/' } } as never).value!;
    const other = { ...plan, tasks: plan.tasks.map((task) => ({ ...task, kind: 'print' })) };
    const submitted = await place.engine.submit(admin, other);
    const [id = 0] = submitted.value!.taskIds;
    expect(await client.show(id)).toMatchObject({ success: false });
    expect((await client.remove(id)).out).toBe(`no job ${id}`);
    expect((await client.list()).job_infos).toEqual([]);
  });

  test('a Kueue worker may be drained and shut down from our side', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const first = await client.submit(['true']);
    await until(() => worker.jobs.has(first));
    worker.say('Accept', first);
    await until(() => worker.log.includes(`confirm ${first}`));
    const [{ worker_id }] = await client.workers();
    await place.engine.command(admin, 'wish', { worker: worker_id, mode: 'draining', lazy: true });
    await client.submit(['true']);
    await until(async () => (await place.store.query.worker(worker_id))?.mode === 'draining');
    await place.engine.command(admin, 'wish', { worker: worker_id, mode: 'shutdown', lazy: true });
    await client.list();
    expect(worker.wire.ended).toBe(false);
    worker.finish(first, 0);
    await until(() => worker.wire.ended);
    expect(worker.log.filter((line) => line.startsWith('offer'))).toEqual([`offer ${first}`]);
    expect((await client.show(first)).job_info.status).toHaveProperty('Finished');
  });

  test('kueue §6.7: what ended long ago is removed by itself', async () => {
    await using place = await openPlace({ cleanupAfterMinutes: 10, maintenanceMs: 60_000 });
    const client = new ScriptedClient(place.ownPort, secret);
    await client.remove(await client.submit(['true']));
    const pending = await client.submit(['true']);
    await place.clock.advance(9 * 60_000);
    expect((await client.list()).job_infos).toHaveLength(2);
    await place.clock.advance(3 * 60_000);
    await until(async () => (await client.list()).job_infos.length === 1);
    expect((await client.list()).job_infos[0].job_id).toBe(pending);
  });
});

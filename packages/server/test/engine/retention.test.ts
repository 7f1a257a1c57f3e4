import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RetentionRules, startRetention } from '../../src/engine/retention.ts';
import { openLogFiles } from '../../src/files/log-files.ts';
import { logFolderOf } from '../../src/files/log-paths.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { admin, connect, ok, openYard, settle, submit, type Yard } from './lib/yard.ts';

const hour = 3_600_000;
const nothing: RetentionRules = {
  ...{ changesMs: 1e12, changesCount: 1e9, auditMs: 1e12, auditCount: 0, idempotencyMs: 1e12 },
  ...{ jobsMs: 0, jobsCount: 0, logsMs: 0, logsBytes: 0, filesMs: 1e12 },
};

async function opened(rules: Partial<RetentionRules>) {
  const yard = await openYard();
  const dir = await tempDir();
  const logFiles = await openLogFiles({ dir: dir.path, capBytes: 1_048_576, durability: 'normal' });
  const retention = startRetention({
    ...{ store: yard.store, engine: yard.engine, blobs: yard.blobs, logFiles, clock: yard.clock },
    rules: { ...nothing, ...rules },
    failed: (cause) => yard.errors.push(String(cause)),
  });
  const write = (task: number, bytes: number) => logFiles.write({ task, attempt: 1, stream: 'out' }, 0, Buffer.alloc(bytes, 'x'));
  return {
    ...{ yard, retention, write },
    dir: dir.path,
    async tidy() {
      await retention.tidy();
      await settle();
      await retention.tidy();
    },
    async [Symbol.asyncDispose]() {
      await retention.close();
      await logFiles.close();
      expect(yard.errors).toEqual([]);
      await yard.close();
      await dir.remove();
    },
  };
}

const blobOf = async (yard: Yard, text: string): Promise<string> => {
  const bytes = (async function* () {
    yield Buffer.from(text);
  })();
  return ok(await yard.engine.files.write(admin, bytes)).blob;
};

const isThere = async (yard: Yard, job: number): Promise<boolean> =>
  (await yard.engine.query.job(admin, job)).refusal === undefined;

/** A job that has ended. */
async function ended(yard: Yard, worker: Awaited<ReturnType<typeof connect>>) {
  const { job, taskIds } = await submit(yard, {});
  await settle();
  await worker.end(taskIds[0]!);
  return { job: job.id, task: taskIds[0]! };
}

describe('retention', () => {
  test('ended jobs go after their time with files that only they used; what still runs and its inputs stay', async () => {
    await using held = await opened({ jobsMs: hour, filesMs: 0 });
    const { yard } = held;
    const [old, used] = [await blobOf(yard, 'old'), await blobOf(yard, 'used')];
    const input = (blob: string) => ({ spec: { argv: ['x'], inputs: [{ path: 'in', blob }] } });
    const first = await submit(yard, input(old));
    const worker = await connect(yard, { slots: 1 });
    await settle();
    await worker.end(first.taskIds[0]!);
    const second = await submit(yard, input(used));
    await yard.clock.advance(2 * hour);
    await held.tidy();
    expect(await isThere(yard, first.job.id)).toBe(false);
    expect(await yard.blobs.size(old)).toBeNull();
    expect(await yard.blobs.size(used)).toBe(4);
    expect(ok(await yard.engine.query.job(admin, second.job.id)).state).toBe('active');
    expect((await yard.store.query.tallies())[0]).toMatchObject({ finishedRuns: 0, counts: { succeeded: 0, running: 1 } });
    // Submitted long ago, ended just now: its time begins now.
    await worker.end(second.taskIds[0]!);
    await held.tidy();
    expect(await isThere(yard, second.job.id)).toBe(true);
  });

  test('a job whose files a waiting task of another job is to take stays until that one has them', async () => {
    await using held = await opened({ jobsMs: hour });
    const { yard } = held;
    const worker = await connect(yard, { slots: 1 });
    const source = await ended(yard, worker);
    const other = await ended(yard, worker);
    const inputs = [{ path: 'in', task: source.task, artifact: 'out' }];
    const reader = await submit(yard, { hold: true, spec: { argv: ['x'], inputs } });
    await yard.clock.advance(2 * hour);
    await held.tidy();
    expect([await isThere(yard, source.job), await isThere(yard, other.job)]).toEqual([true, false]);
    ok(await yard.engine.command(admin, 'cancel', { job: reader.job.id, kill: true }));
    await settle();
    await held.tidy();
    expect(await isThere(yard, source.job)).toBe(false);
  });

  test('the same for an array of which nothing has been claimed', async () => {
    await using held = await opened({ jobsCount: 1 });
    const { yard } = held;
    const worker = await connect(yard, { slots: 1 });
    const source = await ended(yard, worker);
    await ended(yard, worker);
    await ended(yard, worker);
    const inputs = [{ path: 'in', task: source.task, artifact: 'out' }];
    await submit(yard, { hold: true, spec: { argv: ['x'], inputs, array: { from: 1, to: 5 } } });
    await held.tidy();
    expect(await isThere(yard, source.job)).toBe(true);
  });

  test('of the ended jobs the newest stay, whatever runs among them', async () => {
    await using held = await opened({ jobsCount: 2 });
    const { yard } = held;
    const running = await submit(yard, { spec: { argv: ['long'] } });
    const worker = await connect(yard, { slots: 2 });
    await settle();
    const jobs: number[] = [];
    for (let i = 0; i < 5; i++) jobs.push((await ended(yard, worker)).job);
    await held.tidy();
    const left = await Promise.all(jobs.map((job) => isThere(yard, job)));
    expect(left).toEqual([false, false, false, true, true]);
    expect(await isThere(yard, running.job.id)).toBe(true);
  });

  test('output in files goes by age, but not of a task that runs', async () => {
    await using held = await opened({ logsMs: hour });
    const { yard, write, dir } = held;
    const worker = await connect(yard, { slots: 5 });
    const [old, fresh] = [await ended(yard, worker), await ended(yard, worker)];
    const running = (await submit(yard, {})).taskIds[0]!;
    await settle();
    for (const task of [old.task, fresh.task, running, 9_999]) await write(task, 10_000);
    const before = (yard.clock.now() - 2 * hour) / 1_000;
    for (const task of [old.task, running, 9_999]) await utimes(join(logFolderOf(dir, task), '1.out'), before, before);
    await held.tidy();
    const logs = await openLogFiles({ dir, capBytes: 1_048_576, durability: 'normal' });
    const left = (await logs.excess(Number.MAX_SAFE_INTEGER, null)).map(({ task }) => task).sort();
    expect(left).toEqual([fresh.task, running].sort());
    await logs.close();
  });

  test('beyond a size the oldest output goes first', async () => {
    await using held = await opened({ logsBytes: 25_000 });
    const { yard, write, dir } = held;
    const worker = await connect(yard, { slots: 5 });
    const tasks: number[] = [];
    for (let i = 0; i < 4; i++) tasks.push((await ended(yard, worker)).task);
    for (const [age, task] of tasks.entries()) {
      await write(task, 10_000);
      await utimes(join(logFolderOf(dir, task), '1.out'), 1_000 - age, 1_000 - age);
    }
    await held.tidy();
    const logs = await openLogFiles({ dir, capBytes: 1_048_576, durability: 'normal' });
    expect((await logs.excess(Number.MAX_SAFE_INTEGER, null)).map(({ task }) => task)).toEqual([tasks[1], tasks[0]]);
    await logs.close();
  });

  test('changes and audit by age and by number', async () => {
    await using held = await opened({ changesCount: 5, auditCount: 3 });
    const { yard } = held;
    for (let i = 0; i < 10; i++) await submit(yard, {});
    await held.tidy();
    const { changes, newest } = await yard.store.query.changesSince(0, 1_000);
    expect(changes.map(({ number }) => number)).toEqual(Array.from({ length: 5 }, (_, i) => newest - 4 + i));
    expect(await yard.store.query.audit({ limit: 100, cursor: null, order: 'desc' })).toHaveLength(3);
    await using short = await opened({ auditMs: hour, changesMs: hour });
    await submit(short.yard, {});
    await short.yard.clock.advance(2 * hour);
    await submit(short.yard, {});
    await short.tidy();
    expect(await short.yard.store.query.audit({ limit: 100, cursor: null, order: 'desc' })).toHaveLength(1);
  });
});

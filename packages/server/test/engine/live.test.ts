import { expect, test } from 'vitest';
import type { LiveValue } from '../../src/engine/engine.ts';
import { connect, openYard, settle, submit, type TestWorker, workerPrincipal, type Yard } from './lib/yard.ts';

const value = (at: number, text = String(at)): LiveValue => ({ at, bytes: Buffer.from(text) });
type Words = [task: number, attempt: number, names: readonly string[]];

/** A worker that hears what is watched. */
async function listening(yard: Yard, key = 'w'): Promise<TestWorker & { words: Words[] }> {
  const worker = await connect(yard, { key });
  const words: Words[] = [];
  worker.handle = yard.engine.sessions.attach(workerPrincipal, worker.id, worker.session, {
    tell: (what) => void worker.told.push(what),
    watch: (...said) => void words.push(said),
    push: { run: (given) => void worker.got.push(...given), offers: 0, offerMs: null },
  });
  await settle();
  return Object.assign(worker, { words });
}

test('a worker is told what is watched of what it runs, as long as it is; values reach those who watch, newest first', async () => {
  await using yard = await openYard();
  const worker = await listening(yard);
  const { live } = yard.engine;
  const [task = 0] = (await submit(yard, {})).taskIds;
  await settle();
  expect(worker.got.map((one) => one.task.id)).toEqual([task]);
  expect(worker.words).toEqual([]);
  const seen: number[] = [];
  live.put(task, 1, 'shape', value(1));
  const stop = live.watch(task, 'shape', ({ at }) => void seen.push(at));
  await settle();
  expect(worker.words).toEqual([[task, 1, ['shape']]]);
  // What came before anybody watched is not kept.
  expect(seen).toEqual([]);
  for (const at of [2, 3, 4]) live.put(task, 1, 'shape', value(at));
  live.put(task, 1, 'other', value(99));
  live.put(task, 7, 'shape', value(98));
  live.put(task + 1, 1, 'shape', value(97));
  await settle();
  expect(seen).toEqual([4]);
  const late: number[] = [];
  const stopLate = live.watch(task, 'shape', ({ at }) => void late.push(at));
  await settle();
  expect(late).toEqual([4]);
  expect(seen).toEqual([4]);
  stop();
  stop();
  await settle();
  expect(worker.words).toHaveLength(1);
  stopLate();
  await settle();
  expect(worker.words.at(-1)).toEqual([task, 1, []]);
  live.put(task, 1, 'shape', value(5));
  const third: number[] = [];
  live.watch(task, 'shape', ({ at }) => void third.push(at));
  await settle();
  expect(third).toEqual([]);
});

test('whoever watches goes on from attempt to attempt, from before the first; nothing of an attempt is shown after its end', async () => {
  await using yard = await openYard();
  const { live } = yard.engine;
  const [task = 0] = (await submit(yard, { spec: { argv: ['x'], cwd: '/', retries: 1, backoffMs: 0 } })).taskIds;
  const seen: string[] = [];
  live.watch(task, 'shape', ({ bytes }) => void seen.push(Buffer.from(bytes).toString()));
  const worker = await listening(yard);
  await settle();
  expect(worker.words).toEqual([[task, 1, ['shape']]]);
  live.put(task, 1, 'shape', value(1, 'first'));
  await settle();
  await worker.end(task, 'failed');
  live.put(task, 1, 'shape', value(2, 'too late'));
  await settle();
  const late: string[] = [];
  live.watch(task, 'shape', () => void late.push('kept'));
  await yard.clock.advance(3_600_000);
  await settle();
  expect(late).toEqual([]);
  expect(worker.words.at(-1)).toEqual([task, 2, ['shape']]);
  live.put(task, 2, 'shape', value(1, 'second'));
  await settle();
  expect(seen).toEqual(['first', 'second']);
});

test('a worker that comes back is told again; one without live values is not asked', async () => {
  await using yard = await openYard();
  const { live } = yard.engine;
  const worker = await listening(yard);
  const [task = 0] = (await submit(yard, {})).taskIds;
  live.watch(task, 'shape', () => {});
  await settle();
  expect(worker.words).toEqual([[task, 1, ['shape']]]);
  await worker.handle.lost();
  const { engine } = yard;
  const asBefore = { name: null, kinds: null, tags: null, total: null, info: null, keepTasks: true };
  const signed = await engine.command(workerPrincipal, 'signOn', { worker: worker.id, ...asBefore });
  const session = signed.value?.session ?? 0;
  await engine.command(workerPrincipal, 'reconcile', { worker: worker.id, session, holds: [{ task, attempt: 1 }] });
  const words: Words[] = [];
  const ears = { tell: () => {}, push: null };
  engine.sessions.attach(workerPrincipal, worker.id, session, { ...ears, watch: (...said) => void words.push(said) });
  await settle();
  expect(words).toEqual([[task, 1, ['shape']]]);
  const [other = 0] = (await submit(yard, {})).taskIds;
  const mute = await connect(yard, { key: 'mute', name: 'mute' });
  await settle();
  live.watch(other, 'shape', () => {});
  await settle();
  expect(mute.got.map((one) => one.task.id)).toEqual([other]);
  expect(yard.errors).toEqual([]);
});

test('a listener that throws harms nobody else', async () => {
  await using yard = await openYard();
  const { live } = yard.engine;
  await listening(yard);
  const [task = 0] = (await submit(yard, {})).taskIds;
  await settle();
  const seen: number[] = [];
  live.watch(task, 'shape', () => {
    throw new Error('a bug');
  });
  live.watch(task, 'shape', ({ at }) => void seen.push(at));
  live.put(task, 1, 'shape', value(1));
  await settle();
  expect(seen).toEqual([1]);
  expect(yard.errors.splice(0)).toEqual([expect.stringContaining('a bug')]);
});

test('values beyond what is kept in all are passed on and forgotten', async () => {
  await using yard = await openYard();
  const { live } = yard.engine;
  await listening(yard);
  const [task = 0] = (await submit(yard, {})).taskIds;
  await settle();
  const large = new Uint8Array(70 * 1_048_576);
  const seen: string[] = [];
  for (const name of ['a', 'b']) {
    live.watch(task, name, () => void seen.push(name));
    live.put(task, 1, name, { at: 1, bytes: large });
    await settle();
  }
  expect(seen).toEqual(['a', 'b']);
  for (const name of ['a', 'b']) live.watch(task, name, () => void seen.push(`late ${name}`));
  await settle();
  expect(seen).toEqual(['a', 'b', 'late a']);
});

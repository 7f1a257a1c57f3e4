import { describe, expect, it } from 'vitest';
import { does, jobOf, shell, stateOf } from './lib/ask.ts';
import { connect, openYard, settle, submit, type TestWorker, workerPrincipal, type Yard } from './lib/yard.ts';

const small = { ...shell(), array: { from: 0, to: 999 } };
const large = (slots: number, more: Record<string, unknown> = {}) => ({ spec: shell({ needs: { slots } }), ...more });
const after = 120_000;

/** Ends the oldest task of the worker, again and again, each after a second; how many until `task` is begun, or -1. */
async function endsUntil(
  yard: Yard,
  workers: readonly TestWorker[],
  task: number,
  most: number,
  ended = new Set<number>(),
): Promise<number> {
  for (let n = 0; n < most; n++) {
    await settle();
    if ((await stateOf(yard, task)) === 'running') return n;
    for (const worker of workers) {
      const next = worker.got.find((one) => !ended.has(one.task.id));
      if (next === undefined) continue;
      ended.add(next.task.id);
      await worker.end(next.task.id);
    }
    await yard.clock.advance(1_000);
  }
  return -1;
}

const running = async (yard: Yard, job: number): Promise<number> => (await jobOf(yard, job)).counts.running;

describe('a task that is too large for what is left', () => {
  it('is overtaken by whatever fits for a while, then a worker is kept for it', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 4 });
    await submit(yard, { spec: small });
    await settle();
    const { taskIds } = await submit(yard, large(4, { priority: 1 }));
    const ended = new Set<number>();
    expect(await endsUntil(yard, [worker], taskIds[0]!, 20, ended)).toBe(-1);
    await yard.clock.advance(after);
    const ends = await endsUntil(yard, [worker], taskIds[0]!, 20, ended);
    expect(ends).toBeGreaterThan(2);
    expect(ends).toBeLessThanOrEqual(6);
  });

  it('small ones fill in what is left beside it, and nothing more', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 4 });
    const { job } = await submit(yard, { spec: small });
    await settle();
    const { taskIds } = await submit(yard, large(3, { priority: 1 }));
    await yard.clock.advance(after);
    await settle();
    for (const { task } of worker.got.slice(0, 3)) await worker.end(task.id);
    await settle();
    // One runs from before, one was begun since: there is room for the large one beside one of them alone.
    expect([await running(yard, job.id), await stateOf(yard, taskIds[0]!)]).toEqual([2, 'ready']);
    expect((await does(yard, 'why', { task: taskIds[0]! })).tasks[0]!.causes).toMatchObject([{ obstacle: { code: 'busy' } }]);
    const [behind] = (await does(yard, 'why', { job: job.id })).tasks;
    expect(behind!.causes).toMatchObject([{ obstacle: { code: 'kept', task: taskIds[0] } }]);
    await worker.end(worker.got[3]!.task.id);
    await settle();
    expect([await running(yard, job.id), await stateOf(yard, taskIds[0]!)]).toEqual([1, 'running']);
    await worker.end(taskIds[0]!);
    await settle();
    expect(await running(yard, job.id)).toBe(4);
  });

  it('one worker is kept, the others go on; begun elsewhere, it is free at once', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { slots: 2 });
    const b = await connect(yard, { slots: 2, name: 'b' });
    const { job } = await submit(yard, { spec: small });
    await settle();
    const { taskIds } = await submit(yard, large(2, { priority: 1 }));
    await yard.clock.advance(after);
    await a.end(a.got[0]!.task.id);
    await settle();
    await b.end(b.got[0]!.task.id);
    await settle();
    expect([a.got.length, b.got.length]).toEqual([2, 3]);
    const c = await connect(yard, { slots: 2, name: 'c' });
    await settle();
    expect([await stateOf(yard, taskIds[0]!), c.got.map(({ task }) => task.id)]).toEqual(['running', taskIds]);
    await settle();
    expect([a.got.length, await running(yard, job.id)]).toEqual([3, 4]);
  });

  it('what stands before it does not give way; what is canceled keeps nobody', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 2 });
    await submit(yard, { spec: small });
    await settle();
    const { job, taskIds } = await submit(yard, large(2, { priority: 1 }));
    await yard.clock.advance(after);
    await worker.end(worker.got[0]!.task.id);
    await settle();
    expect(worker.got.length).toBe(2);
    const urgent = await submit(yard, { spec: shell(), priority: 5 });
    await settle();
    expect(await stateOf(yard, urgent.taskIds[0]!)).toBe('running');
    await worker.end(urgent.taskIds[0]!);
    await settle();
    expect([worker.got.length, await stateOf(yard, taskIds[0]!)]).toEqual([3, 'ready']);
    await does(yard, 'cancel', { job: job.id, kill: false });
    await yard.clock.advance(15_000);
    await settle();
    expect(worker.got.length).toBe(4);
  });

  it('a worker that is kept and goes away leaves it to another', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { slots: 2 });
    const b = await connect(yard, { slots: 2, name: 'b' });
    await submit(yard, { spec: small });
    await settle();
    const { taskIds } = await submit(yard, large(2, { priority: 1 }));
    await yard.clock.advance(after);
    await a.end(a.got[0]!.task.id);
    await settle();
    await a.handle.bye({ giveBack: true });
    await settle();
    expect(await endsUntil(yard, [b], taskIds[0]!, 10)).toBeGreaterThan(0);
  });

  it('what was shown in advance goes round it too', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 2, offers: 2 });
    await submit(yard, { spec: small });
    await settle();
    expect(worker.offered.length).toBe(2);
    const { taskIds } = await submit(yard, large(2, { priority: 1 }));
    await yard.clock.advance(after);
    await worker.end(worker.got[0]!.task.id);
    await settle();
    const shown = worker.offered[0]!.task.id;
    const accepted = await yard.engine.command(workerPrincipal, 'accept', {
      task: shown,
      session: worker.session,
    });
    expect(accepted.refusal?.code).toBe('void_offer');
    await worker.end(worker.got[1]!.task.id);
    await settle();
    expect(await stateOf(yard, taskIds[0]!)).toBe('running');
  });

  it('survives a restart', async () => {
    await using yard = await openYard({ onDisk: true });
    const worker = await connect(yard, { slots: 2, key: 'k' });
    await submit(yard, { spec: small });
    await settle();
    const { taskIds } = await submit(yard, large(2, { priority: 1 }));
    await yard.clock.advance(after);
    await worker.end(worker.got[0]!.task.id);
    await settle();
    expect(yard.rows().reservations).toMatchObject([{ task: taskIds[0], worker: worker.id }]);
    await yard.restart();
    const again = await connect(yard, { slots: 2, key: 'k' });
    await settle();
    expect(again.got.length).toBe(0);
    await again.end(worker.got[1]!.task.id);
    await settle();
    expect([await stateOf(yard, taskIds[0]!), yard.rows().reservations]).toEqual(['running', []]);
  });
});

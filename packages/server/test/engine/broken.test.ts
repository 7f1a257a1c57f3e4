import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Pool } from '../../src/domain/rows.ts';
import { procedures } from '../../src/engine/procedures/index.ts';
import { compile } from '../../src/kinds/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { does, graph, shell } from './lib/ask.ts';
import { broken, result, writes } from './lib/broken.ts';
import { faultsIn, hopelessIn } from './lib/checker.ts';
import { simulate } from './lib/simulation.ts';
import { admin, connect, ok, openYard, settle, submit, type YardOptions } from './lib/yard.ts';

/*
 * A check that cannot fail is worth nothing: here each guarantee is broken on purpose, and the check that stands for it must
 * notice. What breaks: a procedure, or what the store gives back.
 */

const steps = 30;

/** Plays the yards of the first seeds until one of them complains. */
async function complaint(yard: YardOptions, seeds = 40): Promise<string> {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await simulate({ seed, steps, yard });
    } catch (cause) {
      return String(cause);
    }
  }
  return 'nothing was noticed';
}

describe('the random yards notice', () => {
  it('no fencing: whoever reports is believed', async () => {
    const unfenced = broken('end', {
      input: (input, seen) => ({
        ...input,
        attempt: null,
        get session() {
          const { task } = seen() as { task?: { state: { session?: number } } };
          return task?.state.session ?? input.session;
        },
      }),
    });
    expect(await complaint({ procedures: unfenced })).toMatch(/succeeded, and whoever held it has not said so/);
  });

  it('wake-ups that never arrive', async () => {
    const around = result((given) => ({ ...given, wake: { ...given.wake, classes: [], workers: [] } }));
    expect(await complaint({ around })).toMatch(/could begin|could be offered/);
  });

  it('sweeps that nobody begins', async () => {
    const around = result((given) => ({ ...given, wake: { ...given.wake, sweeps: false } }));
    expect(await complaint({ around })).toMatch(/is left undone/);
  });

  it('attempt numbers that are given again', async () => {
    const reused = broken('retryTask', {
      done: writes((write) => ('put' in write && write.put === 'task' ? { ...write, row: { ...write.row, attempt: 0 } } : write)),
    });
    expect(await complaint({ procedures: reused })).toMatch(/attempts of task|fell from attempt|began on worker/);
  });

  it('changes out of order', async () => {
    const around = result((given) => ({ ...given, changes: [...given.changes].reverse() }));
    expect(await complaint({ around })).toMatch(/change \d+ came after \d+/);
  });

  it('a change that is not published', async () => {
    const around = result((given, calls) => (calls % 7 === 0 ? { ...given, changes: given.changes.slice(1) } : given));
    expect(await complaint({ around })).toMatch(/change \d+ came after \d+|went from/);
  });

  it('counters that are not kept', async () => {
    const forgetful = broken('end', { done: writes((write) => ('put' in write && write.put === 'job' ? null : write)) });
    expect(await complaint({ procedures: forgetful })).toMatch(/counts of job/);
  });

  it('a task that is given away and stays in the queue', async () => {
    const generous = broken('claim', { done: writes((write) => ('put' in write && write.put === 'task' ? null : write)) });
    expect(await complaint({ procedures: generous })).toMatch(/given twice|began on worker|holding of worker|claimed of array/);
  });

  it('children that run before their parents', async () => {
    const eager = broken('submit', {
      done: writes((write) =>
        'put' in write && write.put === 'task' && write.row.state.state === 'waiting' && write.row.parentsLeft > 0
          ? { ...write, row: { ...write.row, parentsLeft: 0, state: { state: 'ready' } } }
          : write,
      ),
    });
    expect(await complaint({ procedures: eager })).toMatch(/has never succeeded|counts of job|open edges/);
  });

  it('a parent that is lost and tells nobody', async () => {
    const silent = broken('end', {
      done: writes((write) =>
        'put' in write && write.put === 'sweep' && write.row.work.kind === 'children' && write.row.work.tell === 'parent-lost'
          ? null
          : write,
      ),
    });
    expect(await complaint({ procedures: silent })).toMatch(/which is lost|of which \d+ are left/);
  });

  it('a worker that fails too often and is not blocked', async () => {
    const lenient = broken('end', { done: writes((write) => ('put' in write && write.put === 'block' ? null : write)) });
    expect(await complaint({ procedures: lenient })).toMatch(/is not blocked there/);
  });

  it('a session that ends without its tasks', async () => {
    const careless = broken('connectionLost', {
      done: writes((write) => ('put' in write && write.put === 'sweep' ? null : write)),
    });
    expect(await complaint({ procedures: careless })).toMatch(/is held in session|does not exist/);
  });
});

describe('every third wake-up lost', () => {
  it('costs time, not truth: whatever was taken in still ends', { timeout: 120_000 }, async () => {
    const around = result((given, calls) =>
      calls % 3 === 0 ? { ...given, wake: { ...given.wake, classes: [], workers: [] } } : given,
    );
    for (let seed = 1; seed <= 15; seed++) await simulate({ seed, steps, yard: { around }, losesWakeUps: true });
  });
});

describe('tasks for which nobody is left', () => {
  /** Failed on the one worker; the other one, the last that was left, is forgotten. */
  async function check(options: YardOptions): Promise<string[]> {
    await using yard = await openYard({ ...options, onDisk: true });
    const a = await connect(yard, { slots: 1 });
    const b = await connect(yard, { slots: 1, name: 'b', asks: true });
    const spec = shell({ retryOn: 'distinct', retries: 2, backoffMs: 0 });
    const [task] = (await submit(yard, { spec })).taskIds as [number];
    await settle();
    await a.end(task, 'failed');
    await does(yard, 'forget', { worker: b.id, force: false });
    await settle();
    return hopelessIn(yard.rows());
  }

  it('fail, and the checker sees when they do not', async () => {
    const hopeful = broken('forget', {
      done: writes((write) => ('put' in write && write.put === 'sweep' && write.row.work.kind === 'recheck' ? null : write)),
    });
    expect(await check({})).toEqual([]);
    expect(await check({ procedures: hopeful })).toEqual(['task 1 is ready and nobody is left for it']);
  });
});

describe('limits and rates', () => {
  async function check(options: YardOptions): Promise<string[]> {
    await using yard = await openYard({ ...options, onDisk: true });
    await connect(yard, { slots: 9 });
    const array = { ...shell(), array: { from: 0, to: 2 } };
    await submit(yard, { spec: array, limit: { key: 'k', max: 1 } });
    await submit(yard, { spec: array, rate: { key: 'r', max: 1, perMs: 60_000 } });
    await settle();
    return faultsIn(yard.rows());
  }
  const without = (put: 'pool' | 'rate') =>
    broken('claim', { done: writes((write) => ('put' in write && write.put === put ? null : write)) });

  it('are kept, and the checker sees when they are not counted', async () => {
    expect(await check({})).toEqual([]);
    expect((await check({ procedures: without('pool') })).join()).toMatch(/limit token:1\/k is not counted/);
    const spent = broken('claim', {
      done: writes((write) => ('put' in write && write.put === 'rate' ? { ...write, row: { ...write.row, starts: [] } } : write)),
    });
    await using yard = await openYard({ procedures: spent, onDisk: true });
    const worker = await connect(yard, { slots: 1 });
    await submit(yard, { spec: { ...shell(), array: { from: 0, to: 2 } }, rate: { key: 'r', max: 1, perMs: 60_000 } });
    await settle();
    await worker.end(worker.got[0]!.task.id);
    await settle();
    expect(faultsIn(yard.rows()).join()).toMatch(/more than 1 tasks under the rate token:1\/r began within 60000 ms/);
  });
});

describe('pools while stopping', () => {
  /** A pool stays taken until the stopped attempt is over. */
  async function check(options: YardOptions): Promise<string[]> {
    await using yard = await openYard({ ...options, onDisk: true });
    await does(yard, 'setPool', { name: 'p', total: 1 });
    await connect(yard);
    const [task] = (await submit(yard, { spec: shell({ needs: { pools: { p: 1 } } }) })).taskIds as [number];
    await settle();
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
    await settle();
    return faultsIn(yard.rows());
  }

  it('are counted, and the checker sees when they are not', async () => {
    const early = broken('stop', {
      done: (done, seen) => {
        const [pool] = (seen as { pools: readonly Pool[] }).pools as [Pool];
        return { ...done, writes: [...done.writes, { put: 'pool', row: { ...pool, used: 0 } }] };
      },
    });
    expect(await check({})).toEqual([]);
    expect(await check({ procedures: early })).toEqual(['used of pool p is 0, should be 1']);
  });
});

describe('idempotency', () => {
  /** The same request under the same key is one job. */
  async function jobsAfterTwo(options: YardOptions): Promise<number> {
    await using yard = await openYard({ ...options, onDisk: true });
    const plan = ok(compile({ spec: shell() } as never));
    for (let i = 0; i < 2; i++) ok(await yard.engine.submit(admin, plan, { key: 'k', hash: 'h' }));
    return yard.rows().jobs.length;
  }

  it('holds, and the check sees when it is off', async () => {
    expect(await jobsAfterTwo({})).toBe(1);
    const off = broken('submit', { input: (input) => ({ ...input, key: null }) });
    expect(await jobsAfterTwo({ procedures: off })).toBe(2);
  });
});

describe('intents', () => {
  /** Tasks of a job too large for one page that are given to a worker after its cancel was answered. */
  async function claimedAfterCancel(options: YardOptions): Promise<number> {
    await using yard = await openYard(options);
    const { job } = await submit(yard, graph(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`t${i}`, []]))));
    const puller = await connect(yard, { slots: 1_000, asks: true });
    // In one breath: the claim comes before the sweep has reached the later tasks.
    const [, claimed] = await Promise.all([
      does(yard, 'cancel', { job: job.id, kill: false }),
      does(yard, 'claim', {
        worker: puller.id,
        session: puller.session,
        max: 200,
        mode: 'run',
        deadline: null,
        kinds: null,
        resume: false,
        poolsToo: true,
      }),
    ]);
    return claimed.assignments.length;
  }

  it('are obeyed at once, and the check sees when claims do not look at them', async () => {
    const blind = broken('cancel', {
      done: writes((write) =>
        'put' in write && write.put === 'job' ? { ...write, row: { ...write.row, intent: 'none' } } : write,
      ),
    });
    expect(await claimedAfterCancel({})).toBe(0);
    expect(await claimedAfterCancel({ procedures: blind })).toBeGreaterThan(0);
  });
});

describe('an answer', () => {
  /** What is on the disk at the very moment at which a submission is answered. */
  async function jobsOnDisk(options: YardOptions): Promise<number> {
    await using dir = await tempDir();
    await using yard = await openYard({ ...options, onDisk: true });
    const { job } = await submit(yard, {});
    expect(job.id).toBe(1);
    for (const end of ['', '-wal']) cpSync(yard.file + end, join(dir.path, `copy${end}`));
    const copy = await openSqliteStore({ file: join(dir.path, 'copy'), mode: 'inline', procedures });
    const found = await copy.query.jobs({}, { limit: 10, cursor: null, order: 'asc' });
    await copy.close();
    await settle();
    return found.length;
  }

  it('does not leave before its commit, and the check sees when it does', async () => {
    expect(await jobsOnDisk({})).toBe(1);
    const twin = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures });
    const early = (store: Store): Store => ({
      ...store,
      async run(commands, lane) {
        const answer = await twin.run(commands, lane);
        setImmediate(() => void store.run(commands, lane));
        return answer;
      },
    });
    expect(await jobsOnDisk({ around: early })).toBe(0);
    await twin.close();
  });
});

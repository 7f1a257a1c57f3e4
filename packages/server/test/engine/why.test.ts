import { describe, expect, it } from 'vitest';
import type { Cause } from '../../src/domain/why.ts';
import { causeText } from '../../src/domain/why-text.ts';
import { claim } from '../../src/engine/procedures/claim.ts';
import { procedures } from '../../src/engine/procedures/index.ts';
import type { Done, Procedure, Procedures } from '../../src/ports/store.ts';
import { does, graph, shell } from './lib/ask.ts';
import { simulate } from './lib/simulation.ts';
import { admin, connect, ok, openYard, settle, submit, submitter, workerPrincipal, type Yard } from './lib/yard.ts';

const at = (moment: number): string => new Date(moment).toISOString();

async function causesOf(yard: Yard, task: number, by = admin): Promise<readonly Cause[]> {
  const [only] = (await does(yard, 'why', { task }, by)).tasks;
  return only!.causes;
}

const texts = async (yard: Yard, task: number): Promise<string[]> =>
  (await causesOf(yard, task)).map((cause) => causeText(cause, at));

async function one(yard: Yard, request: Record<string, unknown> = {}): Promise<number> {
  const { taskIds } = await submit(yard, { spec: shell(), ...request });
  await settle();
  return taskIds[0]!;
}

describe('why a task waits, in words', () => {
  it('nobody is there, nobody takes its kind, has its tags, is large enough', async () => {
    await using yard = await openYard();
    const task = await one(yard);
    expect(await texts(yard, task)).toEqual(['there is no worker']);
    await connect(yard, { name: 'a', kinds: ['other'], slots: 1 });
    expect(await texts(yard, task)).toEqual(['no worker takes tasks of its kind']);
    await connect(yard, { name: 'b', slots: 1, cpus: 4 });
    await settle();
    expect(await texts(yard, task)).toEqual([]);
    const tagged = await one(yard, { spec: shell({ needs: { tags: ['gpu', 'files'] } }) });
    expect(await texts(yard, tagged)).toEqual(['without the tag gpu that it needs: b (worker 2)']);
    const large = await one(yard, { spec: shell({ needs: { cpus: 5 } }) });
    expect(await texts(yard, large)).toEqual(['too small, it needs 5 cpus: b (worker 2)']);
    const memory = await one(yard, { spec: shell({ needs: { ramMb: 5_000 } }) });
    expect(await texts(yard, memory)).toEqual(['too small, it needs 5000 MiB of memory: b (worker 2)']);
    const pinned = await one(yard, { spec: shell({ needs: { worker: 77 } }) });
    expect(await texts(yard, pinned)).toEqual(['it is meant for another worker than: b (worker 2)']);
  });

  it('busy, asleep, asked to drain, gone', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { name: 'w', slots: 1 });
    const first = await one(yard);
    const second = await one(yard);
    expect([await texts(yard, first), await texts(yard, second)]).toEqual([
      [],
      ['too little room at present, it needs 1 slot: w (worker 1)'],
    ]);
    await does(yard, 'wish', { worker: worker.id, mode: 'draining', lazy: true });
    expect(await texts(yard, second)).toEqual(['asked to be draining: w (worker 1)']);
    const idle = { reported: null, total: null, info: null, seenAt: null } as const;
    await does(yard, 'refresh', { worker: worker.id, session: worker.session, ...idle, mode: 'draining' }, workerPrincipal);
    expect(await texts(yard, second)).toEqual(['draining: w (worker 1)']);
    await worker.handle.bye({ giveBack: true });
    await settle();
    expect(await texts(yard, second)).toEqual(['offline: w (worker 1)']);
  });

  it('held, held with its job, not yet due, backing off, parents by name', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { name: 'w', slots: 9 });
    const held = await one(yard, { hold: true });
    expect(await texts(yard, held)).toEqual(['its job is held; release it']);
    const alone = await submit(yard, { ...graph({ a: [], b: ['a'] }) });
    await settle();
    await does(yard, 'holdTask', { task: alone.taskIds[1]! });
    expect(await texts(yard, alone.taskIds[1]!)).toEqual([
      'it is held; release it',
      `it waits for task ${alone.taskIds[0]} (a), which is running`,
    ]);
    const due = yard.clock.now() + 60_000;
    const later = await one(yard, { notBefore: at(due) });
    expect(await texts(yard, later)).toEqual([`it is not to start before ${at(due)}`]);
    const failing = await one(yard, { spec: shell({ retries: 1, backoffMs: 8_000 }) });
    await worker.end(failing, 'failed');
    expect((await texts(yard, failing))[0]).toMatch(/^it failed and is tried again after 20/);
    const after = await one(yard, { after: [alone.job.id], name: 'last' });
    expect(await texts(yard, after)).toEqual([`it waits for job ${alone.job.id} (x), which is active`]);
  });

  it('pools full, and pools that are gone', async () => {
    await using yard = await openYard();
    await connect(yard, { name: 'w', slots: 9 });
    await does(yard, 'setPool', { name: 'licence', total: 1 });
    await one(yard, { spec: shell({ needs: { pools: { licence: 1 } } }) });
    const second = await one(yard, { spec: shell({ needs: { pools: { licence: 1 } } }) });
    expect(await texts(yard, second)).toEqual(['it needs 1 of pool licence; 1 of 1 are in use']);
    await does(yard, 'setPool', { name: 'licence', total: null });
    expect(await texts(yard, second)).toEqual(['there is no pool licence, of which it needs 1']);
  });

  it('blocked in its job, failed there, left alone for a while; and whoever else could is said to be away', async () => {
    await using yard = await openYard();
    const a = await connect(yard, { name: 'a', slots: 1 });
    const b = await connect(yard, { name: 'b', slots: 1 });
    await b.handle.bye({ giveBack: true });
    const { job, taskIds } = await submit(yard, { spec: shell({ retryOn: 'distinct', retries: 2, backoffMs: 0 }) });
    await settle();
    await a.end(taskIds[0]!, 'failed');
    expect(await texts(yard, taskIds[0]!)).toEqual([
      'it failed there and is not tried there again: a (worker 1)',
      'offline: b (worker 2)',
    ]);
    await does(yard, 'block', { job: job.id, worker: a.id, kind: 'shell', requeue: false });
    await settle();
    expect((await texts(yard, taskIds[0]!))[0]).toBe('blocked in this job: a (worker 1)');
    const again = await one(yard, { spec: shell({ retries: 2, backoffMs: 0 }) });
    await a.end(again, 'failed');
    expect((await texts(yard, again))[0]).toMatch(/^it failed there and may come back after 20.*: a \(worker 1\)$/);
  });

  it('shown to a worker that has not answered; others stand before it', async () => {
    await using yard = await openYard();
    await connect(yard, { name: 'w', slots: 1, onlyOffers: true, offers: 1 });
    const shown = await one(yard);
    expect(await texts(yard, shown)).toEqual(['it is shown to w (worker 1), which has not answered yet']);
    const puller = await connect(yard, { name: 'p', slots: 1, asks: true, kinds: ['shell'], tags: ['p'] });
    const needs = { tags: ['p'] };
    const first = await one(yard, { spec: shell({ needs }), priority: 1 });
    const second = await one(yard, { spec: shell({ needs }) });
    expect([await texts(yard, first), await texts(yard, second)]).toEqual([
      [],
      [`other tasks stand before it on: p (worker ${puller.id})`],
    ]);
  });

  it('of a job: what keeps its tasks back, arrays as a whole; of a foreign one nothing', async () => {
    await using yard = await openYard();
    const { job, taskIds } = await submit(yard, { spec: { ...shell(), array: { from: 1, to: 500 } } });
    const answer = await does(yard, 'why', { job: job.id });
    expect(answer.tasks).toEqual([{ task: taskIds[0], state: 'ready', stands: 500, causes: [{ code: 'nobody' }] }]);
    const foreign = { ...submitter, id: 'token:9' };
    expect((await yard.engine.command(foreign, 'why', { job: job.id })).refusal?.code).toBe('not_found');
    expect((await yard.engine.command(foreign, 'why', { task: taskIds[0]! })).refusal?.code).toBe('not_found');
    expect((await yard.engine.command(admin, 'why', { task: 9_999 })).refusal?.code).toBe('not_found');
  });

  it('nothing is written by asking', async () => {
    await using yard = await openYard();
    const task = await one(yard);
    const before = yard.engine.feed.newest;
    await causesOf(yard, task);
    expect(yard.engine.feed.newest).toBe(before);
  });
});

/** A claim that is taken back at once: a refusal leaves no trace. */
const tried: Procedure<never, unknown> = function* (input, context) {
  const done = yield* claim(input, context) as ReturnType<Procedure<never, unknown>>;
  if ('refusal' in done) return done;
  const { answer } = (done as Done<{ answer: { assignments: { task: { id: number } }[] } }>).answer;
  return { refusal: { code: 'conflict', detail: JSON.stringify(answer.assignments.map(({ task }) => task.id)) } };
};
const withTrial: Procedures = { ...procedures, tried };

describe('empty exactly when a claim would succeed', () => {
  /** By worker the ids that it would be given. */
  async function claimable(yard: Yard): Promise<ReadonlyMap<number, readonly number[]>> {
    const given = new Map<number, readonly number[]>();
    for (const { id, session } of yard.rows().workers) {
      const input = {
        worker: id,
        session,
        max: 256,
        mode: 'run',
        deadline: null,
        kinds: null,
        resume: false,
        poolsToo: true,
        keepAfterMs: 10_000,
      };
      const { answers } = await yard.store.run([{ name: 'tried', input, now: yard.clock.now(), by: admin, dice: 0 }]);
      const [answer] = answers;
      if (answer !== undefined && 'refusal' in answer && answer.refusal.code === 'conflict') {
        given.set(id, JSON.parse(answer.refusal.detail) as number[]);
      }
    }
    return given;
  }

  it('random yards', { timeout: 120_000 }, async () => {
    let free = 0;
    let kept = 0;
    const each = async (yard: Yard): Promise<void> => {
      const given = await claimable(yard);
      const would = new Set([...given.values()].flat());
      const { tasks, arrays, jobs } = yard.rows();
      const deleted = new Set(jobs.filter(({ intent }) => intent === 'delete').map(({ id }) => id));
      const waiting = [
        ...tasks.filter(({ state, job }) => ['waiting', 'ready'].includes(state.state) && !deleted.has(job)).map(({ id }) => id),
        ...arrays
          .filter(({ rest, next, holes, size, job }) => rest.state !== 'canceled' && next + holes < size && !deleted.has(job))
          .map(({ id, next }) => id + next)
          .filter((id) => !tasks.some((task) => task.id === id)),
      ];
      for (const id of waiting) {
        const causes = ok(await yard.engine.command(admin, 'why', { task: id })).tasks[0]!.causes;
        if ((causes.length === 0) !== would.has(id)) {
          throw new Error(
            `task ${id}: ${would.has(id) ? 'a claim gives it' : 'no claim gives it'}, and why says ${JSON.stringify(causes)}`,
          );
        }
        for (const cause of causes) {
          expect(causeText(cause, at).length).toBeGreaterThan(5);
          if (cause.code !== 'workers' || cause.obstacle.code !== 'behind') continue;
          // Whoever has others before it is given those.
          const idle = cause.workers.find((worker) => (given.get(worker.id) ?? []).length === 0);
          if (idle !== undefined)
            throw new Error(`task ${id} is said to stand behind others on ${idle.id}, which would get nothing`);
        }
        if (causes.length === 0) free += 1;
        else kept += 1;
      }
    };
    // Each step of each yard is looked at: more of them where there is time.
    const seeds = process.env['SWITCHYARD_TEST_FAULTS'] === 'full' ? 60 : 24;
    for (let seed = 1; seed <= seeds; seed++) await simulate({ seed, steps: 30, yard: { procedures: withTrial }, each });
    expect([free > 50, kept > 500]).toEqual([true, true]);
  });
});

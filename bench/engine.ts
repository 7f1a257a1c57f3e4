import type { JobPlan, TaskPlan } from '../packages/server/src/domain/plan.ts';
import { roles } from '../packages/server/src/domain/principal.ts';
import type { Assignment } from '../packages/server/src/engine/commands.ts';
import type { Engine } from '../packages/server/src/engine/engine.ts';
import { callFor, callTimes } from './lib/callers.ts';
import { stamp } from './lib/clock.ts';
import { tempFolder } from './lib/temp-folder.ts';
import { openEngine } from './ours/open-engine.ts';

/*
 * The engine alone, in this process over its threaded store: to look for what costs, not to compare with others.
 *   node bench/engine.ts [submit|start|cycles|array|claims …] [normal]
 *   node --cpu-prof --cpu-prof-dir=/tmp/prof bench/engine.ts cycles
 * `normal`: without a flush at every commit, so that a busy disk does not hide the rest.
 */

const by = { ...roles.admin, id: 'token:bench', name: 'bench', kinds: null };
const seconds = 3;
const needs = { slots: 1, cpus: 0, ramMb: 0, named: {} };
const policy = { retries: 0, maxLosses: 5, on: 'any', backoffMs: 0, onLoss: 'requeue' } as const;
const task: TaskPlan = {
  key: null,
  kind: 'shell',
  tags: [],
  amounts: needs,
  pools: {},
  pin: null,
  priority: 0,
  policy,
  timeoutMs: 0,
  silenceMs: 0,
  body: '{"payload":{"argv":["true"]}}',
  after: [],
  array: null,
  refersTo: [],
};

function plan(tasks: readonly TaskPlan[], more: Partial<JobPlan> = {}): JobPlan {
  const base = { name: 'bench', kind: 'shell', priority: 0, labels: {}, spec: '{"argv":["true"]}', after: [], hold: false };
  return { ...base, notBefore: null, startOn: null, tasks, ...more };
}

async function value<T>(result: Promise<{ value?: T | undefined; refusal?: { detail: string } | undefined }>): Promise<T> {
  const { value: got, refusal } = await result;
  if (refusal !== undefined) throw new Error(refusal.detail);
  return got as T;
}

/** A worker that ends what it is given at once; `begun` hears of it first. */
async function attach(engine: Engine, slots: number, begun: (assignment: Assignment) => void, ended: (task: number) => void) {
  const total = { slots, cpus: 64, ramMb: 1_000, named: {} };
  const profile = { graceMs: 0, connection: true, leaseMs: 0, ephemeral: true, room: 'counted', suspends: false } as const;
  const row = { key: null, name: 'w', kinds: ['shell'], tags: [], total, profile, info: {}, approved: true };
  const { worker } = await value(engine.command(by, 'register', row));
  const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
  const { session } = await value(engine.command(by, 'signOn', { worker, ...unchanged, keepTasks: false }));
  const end = async ({ task: { id, attempt } }: Assignment): Promise<void> => {
    const facts = { reason: null, exitCode: 0, signal: null, error: null, result: null, artifacts: [] };
    await value(engine.command(by, 'end', { task: id, session, attempt, outcome: 'succeeded', ...facts }));
    ended(id);
  };
  const run = (given: readonly Assignment[]): void => {
    for (const assignment of given) {
      begun(assignment);
      void end(assignment);
    }
  };
  engine.sessions.attach(by, worker, session, { tell: () => {}, push: { run, offers: 0, offerMs: null } });
}

async function withEngine(run: (engine: Engine) => Promise<void>): Promise<void> {
  const folder = await tempFolder('engine');
  const open = await openEngine(folder.path, process.argv.includes('normal') ? 'normal' : 'full');
  try {
    await run(open.engine);
  } finally {
    await open.close();
    await folder.close();
  }
}

/** Per call: so many a second, and the processor time of both threads. */
async function rate(what: string, run: () => Promise<{ count: number; ms: number }>): Promise<void> {
  const before = process.cpuUsage();
  const { count, ms } = await run();
  const { user, system } = process.cpuUsage(before);
  console.log(`${what}: ${Math.round((count / ms) * 1_000)} /s, ${((user + system) / count).toFixed(1)} µs processor time each`);
}

const quantile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);

const parts: Readonly<Record<string, () => Promise<void>>> = {
  submit: () =>
    withEngine(async (engine) => {
      const once = plan([task]);
      await rate('submit, 32 callers', () => callFor(seconds * 1_000, 32, () => value(engine.submit(by, once))));
      await rate('submit, 1 caller', () => callFor(1_000, 1, () => value(engine.submit(by, once))));
    }),

  start: () =>
    withEngine(async (engine) => {
      const from = new Map<number, number>();
      const times: number[] = [];
      let done = (): void => {};
      let at = 0;
      await attach(
        engine,
        4,
        () => void times.push(stamp() - at),
        () => done(),
      );
      for (let i = 0; i < 1_500; i++) {
        const ended = new Promise<void>((resolve) => {
          done = resolve;
        });
        at = stamp();
        await value(engine.submit(by, plan([task])));
        await ended;
      }
      from.clear();
      const sorted = times.slice(200).sort((a, b) => a - b);
      console.log(`submit → start, idle: p50 ${quantile(sorted, 0.5)} ms, p99 ${quantile(sorted, 0.99)} ms`);
    }),

  cycles: () =>
    withEngine(async (engine) => {
      const waiting = new Map<number, () => void>();
      const early = new Set<number>();
      const ended = (id: number): void => {
        const go = waiting.get(id);
        if (go === undefined) early.add(id);
        else {
          waiting.delete(id);
          go();
        }
      };
      for (let i = 0; i < 4; i++) await attach(engine, 32, () => {}, ended);
      const cycle = async (): Promise<void> => {
        const { taskIds } = await value(engine.submit(by, plan([task])));
        const id = taskIds[0] as number;
        if (early.delete(id)) return;
        await new Promise<void>((resolve) => waiting.set(id, resolve));
      };
      for (const callers of [1, 32, 256]) {
        await rate(`submit, start, end, ${callers} in flight`, () => callFor(seconds * 1_000, callers, cycle));
      }
    }),

  /** One long array: no submissions beside it. */
  array: () =>
    withEngine(async (engine) => {
      let done = 0;
      const size = 60_000;
      const { promise, resolve } = Promise.withResolvers<void>();
      for (let i = 0; i < 4; i++) {
        await attach(
          engine,
          32,
          () => {},
          () => {
            done += 1;
            if (done === size) resolve();
          },
        );
      }
      await rate(`an array of ${size}, 4 workers of 32 slots`, async () => {
        const from = stamp();
        await value(engine.submit(by, plan([{ ...task, array: { size, first: 0, step: 1, items: null } }])));
        await promise;
        return { count: size, ms: stamp() - from };
      });
    }),

  claims: () =>
    withEngine(async (engine) => {
      const fill = async (count: number, of: TaskPlan, more: Partial<JobPlan> = {}): Promise<void> => {
        for (let left = count; left > 0; left -= 50_000) {
          await value(
            engine.submit(
              by,
              plan(
                Array.from({ length: Math.min(left, 50_000) }, () => of),
                more,
              ),
            ),
          );
        }
      };
      const total = { slots: 1_000_000, cpus: 64, ramMb: 1_000, named: {} };
      const profile = { graceMs: 0, connection: true, leaseMs: 0, ephemeral: true, room: 'counted', suspends: false } as const;
      const row = { key: null, name: 'p', kinds: ['shell'], tags: [], total, profile, info: {}, approved: true };
      const { worker } = await value(engine.command(by, 'register', row));
      const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
      const { session } = await value(engine.command(by, 'signOn', { worker, ...unchanged, keepTasks: false }));
      const input = { worker, session, max: 1, mode: 'run', deadline: null, kinds: null, resume: false, poolsToo: true } as const;
      const claims = (what: string): Promise<void> =>
        rate(`claim, ${what}`, () =>
          callTimes(10_000, 64, async () => {
            const { assignments } = await value(engine.command(by, 'claim', input));
            if (assignments.length === 0) throw new Error('nothing to claim');
          }),
        );
      const big = { ...task, tags: ['none'] };
      await fill(11_000, task);
      await claims('1 k ready');
      await fill(100_000, task);
      await claims('100 k ready');
      await fill(100_000, big, { priority: 9 });
      await fill(100_000, task, { priority: 9, notBefore: Date.now() + 1e9 });
      await claims('100 k that do not fit and 100 k delayed in front');
      await fill(900_000, task);
      await claims('1 M ready');
    }),
};

const wanted = process.argv.slice(2).filter((name) => name !== 'normal');
for (const [name, run] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) await run();

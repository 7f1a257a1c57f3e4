import type { JobPlan, TaskPlan } from '../../packages/server/src/domain/plan.ts';
import { roles } from '../../packages/server/src/domain/principal.ts';
import type { CommandName, InputOf } from '../../packages/server/src/engine/commands.ts';
import { callTimes } from '../lib/callers.ts';
import { serveCalls } from '../lib/program.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';

const by = { ...roles.admin, id: 'token:bench', name: 'bench', kinds: null };
const workers = 32;
const jobSize = 50_000;
/** Only some workers have one. */
const rare = { gpu: 1 };

type Needs = 'anything' | 'gpu';
interface Session {
  readonly worker: number;
  readonly session: number;
}

let open: OpenEngine;
const sessions: Record<Needs, Session[]> = { anything: [], gpu: [] };

serveCalls({
  async open({ at }: { at: string }) {
    open = await openEngine(at);
    for (const has of ['anything', 'gpu'] as const) {
      for (let i = 0; i < workers; i++) sessions[has].push(await signOn(`${has}-${i}`, has));
    }
  },
  /** So many tasks that need that; `delayed`: tomorrow. */
  async fill({ count, needs, priority, delayed }: { count: number; needs: Needs; priority: number; delayed: boolean }) {
    for (let left = count; left > 0; left -= jobSize) {
      const result = await open.engine.submit(by, plan(Math.min(left, jobSize), needs, priority, delayed));
      if (result.refusal !== undefined) throw new Error(result.refusal.detail);
    }
  },
  /** So many claims of one task each by all workers that have that; then the tasks end and new ones come in their place. */
  async claim({ count, has, priority }: { count: number; has: Needs; priority: number }) {
    const held: (Session & { task: number })[] = [];
    const before = process.cpuUsage();
    const { ms } = await callTimes(count, workers, async (n) => {
      const who = sessions[has][n % workers] as Session;
      const answer = await command('claim', {
        ...who,
        max: 1,
        mode: 'run',
        deadline: null,
        kinds: null,
        resume: false,
        poolsToo: true,
      });
      const [given] = answer.assignments;
      if (given === undefined) throw new Error('there was nothing to claim');
      held.push({ ...who, task: given.task.id });
    });
    const { user, system } = process.cpuUsage(before);
    await Promise.all(held.map(end));
    await open.engine.submit(by, plan(count, has, priority, false));
    return { value: (count / ms) * 1_000, cpuUs: (user + system) / count };
  },
  close: () => open.close(),
});

async function command<N extends CommandName>(name: N, input: InputOf<N>) {
  const result = await open.engine.command(by, name, input);
  if (result.refusal !== undefined) throw new Error(`${name}: ${result.refusal.detail}`);
  return result.value;
}

async function signOn(name: string, has: Needs): Promise<Session> {
  const total = { slots: 1_000_000, cpus: 0, ramMb: 0, named: has === 'gpu' ? { gpu: 1_000_000 } : {} };
  const profile = { graceMs: 60_000, connection: false, leaseMs: 0, ephemeral: false, room: 'counted', suspends: true } as const;
  const known = { key: null, name, kinds: ['noop'], tags: [], total, profile, info: {}, approved: true };
  const { worker } = await command('register', known);
  const now = { worker, name: null, kinds: null, tags: null, total: null, info: null, keepTasks: true };
  const { session } = await command('signOn', now);
  return { worker, session };
}

async function end({ task, session }: Session & { task: number }): Promise<void> {
  await command('end', {
    task,
    session,
    attempt: null,
    outcome: 'succeeded',
    reason: null,
    exitCode: 0,
    signal: null,
    error: null,
    result: null,
    artifacts: [],
  });
}

function plan(count: number, needs: Needs, priority: number, delayed: boolean): JobPlan {
  const task: TaskPlan = {
    key: null,
    kind: 'noop',
    tags: [],
    amounts: { slots: 1, cpus: 0, ramMb: 0, named: needs === 'gpu' ? rare : {} },
    pools: {},
    pin: null,
    priority: 0,
    policy: { retries: 0, maxLosses: 5, on: 'any', backoffMs: 1_000, onLoss: 'requeue' },
    timeoutMs: 0,
    silenceMs: 0,
    body: null,
    after: [],
    array: null,
    refersTo: [],
  };
  return {
    name: 'claims',
    kind: 'noop',
    priority,
    labels: {},
    spec: '{}',
    after: [],
    hold: false,
    notBefore: delayed ? Date.now() + 86_400_000 : null,
    startOn: null,
    tasks: Array.from({ length: count }, () => task),
  };
}

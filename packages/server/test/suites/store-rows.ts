import { type Counts, moved, noCounts } from '../../src/domain/counts.ts';
import type { Job } from '../../src/domain/job.ts';
import type { ClassSpec } from '../../src/domain/needs.ts';
import { nothing } from '../../src/domain/needs.ts';
import { system } from '../../src/domain/principal.ts';
import type { Task, TaskArray, TaskStateName } from '../../src/domain/task.ts';
import type { Worker } from '../../src/domain/worker.ts';
import type { Command } from '../../src/ports/store.ts';
import type { Script } from './store-procedures.ts';

/** Rows that are whole, so that a test says only what it is about. */
export const one = (state: TaskStateName, n = 1): Counts => moved(noCounts, null, state, n);

export function job(id: number, of: Partial<Job> = {}): Job {
  return {
    id,
    name: `job ${id}`,
    kind: 'shell',
    priority: 0,
    owner: 'user:ada',
    labels: {},
    spec: id,
    intent: 'none',
    state: 'waiting',
    counts: one('ready'),
    startedAt: null,
    deadline: null,
    createdAt: 1_000,
    endedAt: null,
    firstTask: id,
    ...of,
  };
}

const policy = { retries: 0, maxLosses: 5, on: 'any', backoffMs: 0, onLoss: 'requeue' } as const;

export function task(id: number, of: Partial<Task> = {}): Task {
  return {
    id,
    job: 1,
    array: null,
    index: null,
    key: null,
    kind: 'shell',
    class: 1,
    jobPriority: 0,
    priority: 0,
    body: 1,
    state: { state: 'ready' },
    parentsLeft: 0,
    attempt: 0,
    failures: 0,
    losses: 0,
    policy,
    timeoutMs: 0,
    silenceMs: 0,
    createdAt: 1_000,
    startedAt: null,
    endedAt: null,
    ...of,
  };
}

export function array(id: number, of: Partial<TaskArray> = {}): TaskArray {
  return {
    id,
    job: 1,
    key: null,
    kind: 'shell',
    class: 1,
    jobPriority: 0,
    priority: 0,
    body: 1,
    size: 10,
    next: 0,
    holes: 0,
    rest: { state: 'ready' },
    parentsLeft: 0,
    first: 0,
    step: 1,
    items: false,
    succeeded: 0,
    lost: 0,
    policy,
    timeoutMs: 0,
    silenceMs: 0,
    createdAt: 1_000,
    ...of,
  };
}

export function worker(id: number, of: Partial<Worker> = {}): Worker {
  return {
    id,
    name: `worker ${id}`,
    key: null,
    owner: 'token:1',
    profile: {
      graceMs: 0,
      connection: true,
      leaseMs: 0,
      ephemeral: false,
      room: 'counted',
      suspends: false,
    },
    kinds: ['shell'],
    tags: [],
    total: { slots: 1, cpus: 1, ramMb: 1, named: {} },
    used: nothing,
    reported: null,
    status: 'online',
    mode: 'awake',
    wanted: null,
    gate: 'none',
    session: id,
    holding: 0,
    picky: false,
    info: {},
    createdAt: 1_000,
    seenAt: 1_000,
    ...of,
  };
}

export function classSpec(of: Partial<ClassSpec> = {}): ClassSpec {
  return { kind: 'shell', tags: [], amounts: { ...nothing, slots: 1 }, pools: {}, pin: null, blockJob: null, fair: null, ...of };
}

export function command(name: string, input: unknown, now = 1_000): Command {
  return { name, input, now, by: system, dice: 0.5 };
}

export const script = (of: Script, now?: number): Command => command('script', of, now);

import { describe, expect, test } from 'vitest';
import { noCounts } from '../../src/domain/counts.ts';
import { nothing } from '../../src/domain/needs.ts';
import type { TaskState } from '../../src/domain/task.ts';
import { plainText } from '../../src/doors/kit/plain-text.ts';
import { totals } from '../../src/doors/kueue/client/totals.ts';
import { jobInfoOf, type TaskFace } from '../../src/doors/kueue/translate.ts';
import { endingOf } from '../../src/doors/kueue/translate-report.ts';
import { jobPlanOf } from '../../src/doors/kueue/translate-submission.ts';
import { readStrictly } from './lib/strict.ts';

const t0 = Date.UTC(2026, 0, 1);
const iso = (seconds: number): string => new Date(t0 + seconds * 1000).toISOString();
const held = { worker: 1, session: 1 };

function face(state: TaskState, extra: Partial<TaskFace> & { attempt?: Record<string, unknown> | null } = {}): TaskFace {
  return {
    task: { id: 12, createdAt: t0, index: null, state, startedAt: t0 + 1_000, endedAt: t0 + 62_512 },
    attempt: { startedAt: t0 + 1_000, endedAt: t0 + 62_512, exitCode: null, error: null, signal: null, workerName: 'node17' },
    body: JSON.stringify({ payload: { argv: ['./sweep.py'], cwd: '/data' } }),
    value: null,
    amounts: { ...nothing, slots: 1, cpus: 4, ramMb: 2_048 },
    pools: {},
    workerName: null,
    offeredAt: t0 + 500,
    ...extra,
  } as TaskFace;
}

/** Also read as each of the real programs would. */
function info(of: TaskFace) {
  const job = jobInfoOf(of, 1_000_000);
  for (const dialect of ['R17', 'R18', 'R19'] as const) readStrictly(JSON.stringify({ JobUpdated: job }), dialect, 'client');
  return job;
}

describe('tasks as Kueue’s jobs (DESIGN section 8)', () => {
  const issued = iso(0);
  const shown: [string, TaskState, object][] = [
    ['waiting', { state: 'waiting', held: true, notBefore: null }, { Pending: { issued } }],
    ['ready', { state: 'ready' }, { Pending: { issued } }],
    ['offered', { state: 'offered', ...held, deadline: 1 }, { Offered: { issued, offered: iso(0.5), worker: 'node17' } }],
    ['running', { state: 'running', ...held }, { Running: { issued, started: iso(1), worker: 'node17' } }],
    ['suspended', { state: 'suspended', ...held }, { Running: { issued, started: iso(1), worker: 'node17' } }],
    [
      'stopping to canceled',
      { state: 'stopping', ...held, goal: 'canceled', reason: 'user', since: t0 + 40_000 },
      { Canceled: { issued, canceled: iso(40) } },
    ],
    [
      'stopping to failed',
      { state: 'stopping', ...held, goal: 'failed', reason: 'timeout', since: t0 },
      { Running: { issued, started: iso(1), worker: 'node17' } },
    ],
    ['canceled', { state: 'canceled', reason: 'user', at: t0 + 40_000 }, { Canceled: { issued, canceled: iso(40) } }],
  ];
  test.each(shown)('%s', (_, state, status) => {
    expect(info(face(state)).status).toEqual(status);
  });

  test('succeeded and failed are finished, with times of ours and whole seconds', () => {
    expect(info(face({ state: 'succeeded' })).status).toEqual({
      Finished: {
        issued,
        started: iso(1),
        finished: iso(62.512),
        return_code: 0,
        worker: 'node17',
        run_time_seconds: 61,
        comment: '',
      },
    });
  });

  test.each([
    ['exit', 7, 7],
    ['start', null, -43],
    ['signal', null, -44],
    ['error', null, -45],
    ['error', 0, -45],
    ['timeout', null, -46],
    ['silence', null, -46],
    ['worker-lost', null, -47],
    ['no-candidate', null, -47],
    ['exit', 4_294_967_295, 2_147_483_647],
  ] as const)('failed by %s with exit code %s shows %i and says why', (reason, exitCode, code) => {
    const attempt = { startedAt: t0, endedAt: t0, exitCode, error: null, signal: null, workerName: 'w' };
    const { status } = info(face({ state: 'failed', reason }, { attempt }));
    expect(status).toMatchObject({ Finished: { return_code: code } });
    expect('Finished' in status && status.Finished.comment).not.toBe('');
  });

  test('a task that failed without ever running can be read too, and no time is negative', () => {
    const never = face({ state: 'failed', reason: 'no-candidate' }, { attempt: null });
    const { status } = info({ ...never, task: { id: 1, createdAt: t0, index: null, state: never.task.state } });
    expect(status).toMatchObject({ Finished: { run_time_seconds: 0, worker: '', started: issued } });
    const backwards = { startedAt: t0 + 9_000, endedAt: t0, exitCode: 0, error: null, signal: null, workerName: 'w' };
    expect(info(face({ state: 'succeeded' }, { attempt: backwards })).status).toMatchObject({
      Finished: { run_time_seconds: 0 },
    });
  });

  test('kueue §0: the amounts stand under all three names; no pool is null; names are in order', () => {
    const job = info(face({ state: 'ready' }, { pools: { vcs: 1, matlab: 2 } }));
    const amounts = { job_slots: 1, cpus: 4, ram_mb: 2_048 };
    expect(job).toMatchObject({ worker_resources: amounts, local_resources: amounts, resources: amounts });
    expect(JSON.stringify(job.global_resources)).toBe('{"matlab":2,"vcs":1}');
    expect(info(face({ state: 'ready' })).global_resources).toBe(null);
  });

  test('an array’s placeholders are filled in, an environment stands in front, sinks have their words', () => {
    const payload = {
      argv: ['run', '{index}-{item}-{value}-{other}'],
      env: { A: '1', B: 'x y' },
      cwd: '/d',
      stdout: 'discard',
      stderr: { file: 'Null ' },
    };
    const of = face({ state: 'ready' }, { body: JSON.stringify({ payload }), value: 'blue' });
    const job = info({ ...of, task: { ...of.task, index: 4 } });
    expect(job.cmd).toEqual(['env', 'A=1', 'B=x y', 'run', '4-blue-blue-{other}']);
    expect([job.stdout_path, job.stderr_path]).toEqual(['null', './Null ']);
    const plain = info(face({ state: 'ready' }, { body: JSON.stringify({ payload: { argv: ['{index}'] } }) }));
    expect([plain.cmd, plain.cwd]).toEqual([['{index}'], '(fresh folder)']);
    expect(info(face({ state: 'ready' }, { body: '{' })).cmd).toEqual(['(not a command)']);
  });

  test('half characters are mended before they reach a peer', () => {
    const body = JSON.stringify({ payload: { argv: ['\ud800'], cwd: '\udc00', stdout: { file: '\ud800' } } });
    const job = info(face({ state: 'ready' }, { body, pools: { '\ud800': 1 } }));
    expect([job.cmd, job.cwd, job.stdout_path, Object.keys(job.global_resources ?? {})]).toEqual([['�'], '�', '�', ['�']]);
  });
});

describe('jobs as tasks', () => {
  const sent = {
    job_id: 99,
    cmd: ['./sweep.py', '--seed', '7'],
    cwd: '/data/run7',
    global_resources: { matlab: 1 },
    status: { Pending: { issued: iso(0) } },
    stdout_path: ' NULL ',
    stderr_path: null,
  };
  const amounts = { job_slots: 1, cpus: 4, ram_mb: 2_048 };

  test('one shell task with the same needs', () => {
    const planned = jobPlanOf(sent, amounts);
    if ('refusal' in planned) throw new Error(planned.refusal.detail);
    const { plan } = planned;
    expect(plan).toMatchObject({ name: './sweep.py --seed 7', kind: 'shell' });
    expect(JSON.parse(plan.spec)).toEqual({
      payload: { argv: sent.cmd, cwd: '/data/run7', stdout: 'discard', stderr: 'capture' },
    });
    expect(plan.tasks).toEqual([
      expect.objectContaining({
        kind: 'shell',
        tags: [],
        amounts: { slots: 1, cpus: 4, ramMb: 2_048, named: {} },
        pools: { matlab: 1 },
      }),
    ]);
  });

  test.each([
    [{ cmd: [] }, 'empty'],
    [{ cmd: [''] }, 'empty'],
    [{ cmd: ['a\0b'] }, 'zero byte'],
    [{ cwd: '' }, 'directory'],
    [{ global_resources: { matlab: 2 ** 53 } }, 'matlab'],
  ])('%o is refused', (extra, text) => {
    const planned = jobPlanOf({ ...sent, ...extra }, amounts);
    expect('refusal' in planned && planned.refusal.detail).toContain(text);
  });

  test('only Finished and Canceled are ends', () => {
    expect(endingOf({ Pending: { issued: iso(0) } })).toBe(null);
    expect(endingOf({ Running: { issued: iso(0), started: iso(0), worker: 'w' } })).toBe(null);
    expect(endingOf({ Canceled: { issued: iso(0), canceled: iso(1) } })).toMatchObject({ outcome: 'failed', reason: 'user' });
  });
});

describe('the numbers of JobList (kueue §6.10)', () => {
  const tally = (counts: Partial<typeof noCounts>, finishedRuns = 0, finishedSeconds = 0) => ({
    kind: 'shell',
    counts: { ...noCounts, ...counts },
    finishedRuns,
    finishedSeconds,
  });

  /** The formula as the specification writes it, over lists. */
  function reference(finished: number[], running: number[], pending: number): { avg: number; eta: number } {
    const mean = (list: number[]): number => Math.trunc(list.reduce((a, b) => a + b, 0) / list.length);
    const n = running.length;
    const avg = finished.length > 0 ? Math.max(mean(finished), mean([...finished, ...running])) : Math.max(0, ...running);
    const first = n > 0 ? Math.max(0, avg - Math.min(...running)) : 0;
    const rest = pending > n ? (n > 0 ? Math.trunc((pending * avg) / n) : pending * avg) : pending > 0 ? avg : 0;
    return { avg, eta: first + rest };
  }

  test.each([
    [[], [], 0],
    [[], [], 5],
    [[], [7, 3], 0],
    [[10, 20, 31], [], 4],
    [[10, 20, 31], [100, 2], 1],
    [[10, 20, 31], [100, 2], 7],
    [[1], [50], 1],
  ])('finished %o, running %o, pending %i', (finished, running, pending) => {
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    const seconds = { sum: sum(running), min: Math.min(...running, 1e9) % 1e9, max: Math.max(0, ...running) };
    const got = totals(tally({ ready: pending, running: running.length }, finished.length, sum(finished)), seconds);
    const { avg, eta } = reference([...finished], [...running], pending);
    expect([got.job_avg_run_time_seconds, got.remaining_jobs_eta_seconds]).toEqual([avg, eta]);
  });

  test('every state is counted once', () => {
    const counts = {
      waiting: 1,
      ready: 2,
      offered: 4,
      running: 8,
      suspended: 16,
      stopping: 32,
      succeeded: 64,
      failed: 128,
      canceled: 256,
    };
    expect(totals(tally(counts), { sum: 0, min: 0, max: 0 })).toMatchObject({
      jobs_pending: 3,
      jobs_offered: 4,
      jobs_running: 24,
      jobs_succeeded: 64,
      jobs_failed: 128,
      jobs_canceled: 288,
    });
  });
});

test('names for terminals: no control characters, bounded, no half characters', () => {
  expect(plainText('a\u001b[31m\r\nb\u0085c', 100)).toBe('a [31m b c');
  expect(plainText('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(plainText('x'.repeat(10), 10)).toBe('x'.repeat(10));
  expect(plainText('xxxxxxxx😀😀', 10).isWellFormed()).toBe(true);
});

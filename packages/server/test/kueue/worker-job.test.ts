import { describe, expect, test } from 'vitest';
import type { Task } from '../../src/domain/task.ts';
import { neverStarted } from '../../src/doors/kueue/translate-report.ts';
import { stepWorkerJob, type WorkerJob, type WorkerJobEvent } from '../../src/doors/kueue/worker-job.ts';
import type { Assignment } from '../../src/engine/commands.ts';

const task = { id: 3, attempt: 2 } as Task;
const assignment = { task } as Assignment;
const accepted = { task: { id: 3, attempt: 3 } } as Assignment;
const ending = { ...neverStarted, reason: 'exit', exitCode: 1 } as const;

const jobs: Record<string, WorkerJob | null> = {
  none: null,
  offered: { at: 'offered', assignment },
  accepting: { at: 'accepting', assignment, kill: null },
  'accepting, killed': { at: 'accepting', assignment, kill: task },
  withdrawn: { at: 'withdrawn', assignment },
  running: { at: 'running', assignment },
  ended: { at: 'ended', assignment, ending },
};
const events: Record<string, WorkerJobEvent> = {
  withdraw: { event: 'withdraw', task },
  kill: { event: 'kill', task },
  accept: { event: 'accept' },
  defer: { event: 'defer' },
  reject: { event: 'reject' },
  status: { event: 'status', ending },
  nonsense: { event: 'status', ending: null },
  results: { event: 'results' },
  'no-results': { event: 'no-results' },
  accepted: { event: 'accepted', assignment: accepted },
  void: { event: 'void' },
};

const nameOf = (job: WorkerJob | null): string =>
  job === null ? 'none' : job.at === 'accepting' && job.kill !== null ? 'accepting, killed' : job.at;

/** `state: effects`; empty where nothing happens. */
function outcome(job: WorkerJob | null, event: WorkerJobEvent): string {
  const step = stepWorkerJob(job, event);
  const effects = step.effects.map((effect) => (effect.effect === 'decline' ? effect.how : effect.effect));
  if (effects.length === 0 && step.job === job) return '';
  return `${nameOf(step.job)}: ${effects.join(', ')}`.trim();
}

describe('a job on a worker’s connection (kueue §4.2, §4.3)', () => {
  test('every state answers every event', () => {
    const none = Object.fromEntries(Object.keys(events).map((name) => [name, '']));
    const table = Object.fromEntries(
      Object.entries(jobs).map(([state, job]) => [
        state,
        Object.fromEntries(Object.entries(events).map(([name, event]) => [name, outcome(job, event)])),
      ]),
    );
    expect(table).toEqual({
      none: { ...none, accept: 'none: withdraw-unknown' },
      offered: {
        ...none,
        withdraw: 'withdrawn: withdraw',
        accept: 'accepting: accept',
        defer: 'none: defer',
        reject: 'none: reject',
      },
      accepting: {
        ...none,
        kill: 'accepting, killed:',
        accepted: 'running: confirm',
        void: 'none: withdraw, room-undo',
      },
      'accepting, killed': {
        ...none,
        kill: 'accepting, killed:',
        accepted: 'none: withdraw, room-back, end',
        void: 'none: withdraw, room-undo',
      },
      withdrawn: { ...none, accept: 'accepting: accept', defer: 'none: defer', reject: 'none: reject' },
      running: { ...none, kill: 'running: kill', status: 'ended: await-results' },
      ended: { ...none, results: 'none: end', 'no-results': 'none: end' },
    });
  });

  test('an offer is shown, whatever was before', () => {
    for (const job of Object.values(jobs)) {
      const step = stepWorkerJob(job, { event: 'offer', assignment });
      expect([step.job, step.effects]).toEqual([{ at: 'offered', assignment }, [{ effect: 'offer', assignment }]]);
    }
  });

  test('the attempt that is confirmed and ended is the one that the engine began', () => {
    const running = stepWorkerJob({ at: 'accepting', assignment, kill: null }, { event: 'accepted', assignment: accepted });
    expect(running.effects).toEqual([{ effect: 'confirm', assignment: accepted }]);
    const ended = stepWorkerJob(running.job, { event: 'status', ending });
    expect(stepWorkerJob(ended.job, { event: 'results' }).effects).toEqual([{ effect: 'end', assignment: accepted, ending }]);
  });

  test('a job canceled between Accept and Confirm is never confirmed', () => {
    const killed = stepWorkerJob({ at: 'accepting', assignment, kill: null }, { event: 'kill', task });
    const step = stepWorkerJob(killed.job, { event: 'accepted', assignment: accepted });
    expect(step.effects.map(({ effect }) => effect)).toEqual(['withdraw', 'room-back', 'end']);
    expect(step.effects.at(-1)).toMatchObject({ assignment: accepted, ending: neverStarted });
  });
});

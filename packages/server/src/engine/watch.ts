import type { AttemptNumber, TaskId } from '../domain/ids.ts';
import { isAlive, isRunningLike, type Task } from '../domain/task.ts';
import type { Clock } from '../ports/clock.ts';
import { createDeadlines } from './deadlines.ts';
import type { Insist } from './insist.ts';

/** Workers of ours enforce their limits themselves; the server comes after them, and alone where the worker cannot. */
const slackMs = 2_000;

interface Watched {
  readonly attempt: AttemptNumber;
  readonly silenceMs: number;
  lastLife: number;
}

/** Run times, silences, and stops that are not reported: the limits of live attempts. */
export interface Watch {
  begins(task: Task): void;
  /** Whether this attempt is the one that is watched. */
  watches(task: TaskId, attempt: AttemptNumber): boolean;
  /** The attempt that runs now; null: none. */
  attemptOf(task: TaskId): AttemptNumber | null;
  alive(task: TaskId): void;
  /** What is suspended is silent; its run time goes on. */
  suspended(task: TaskId): void;
  resumed(task: TaskId): void;
  stopping(task: Task): void;
  ends(task: TaskId): void;
  close(): void;
}

export function createWatch(clock: Clock, insist: Insist, forceMs: number): Watch {
  const watched = new Map<TaskId, Watched>();
  const runTimes = createDeadlines<TaskId>(clock, (task) => over(task, 'timeout'));
  const forced = createDeadlines<TaskId>(clock, force);
  const silences = createDeadlines<TaskId>(clock, (task) => {
    const known = watched.get(task);
    if (known === undefined) return;
    const silent = clock.monotonic() - known.lastLife;
    // Signs of life only move a number; the deadline is looked at again when it comes.
    if (silent >= known.silenceMs) over(task, 'silence');
    else silences.set(task, known.silenceMs + slackMs - silent);
  });

  function over(task: TaskId, reason: 'timeout' | 'silence'): void {
    const attempt = watched.get(task)?.attempt;
    if (attempt !== undefined) void insist('stop', { task, attempt, goal: 'failed', reason, kill: true });
  }

  function force(task: TaskId): void {
    const known = watched.get(task);
    if (known !== undefined) void insist('force', { task, attempt: known.attempt });
  }

  return {
    begins(task) {
      if (!isRunningLike(task.state)) return;
      watched.set(task.id, { attempt: task.attempt, silenceMs: task.silenceMs, lastLife: clock.monotonic() });
      const since = Math.max(0, clock.now() - (task.startedAt ?? clock.now()));
      if (task.timeoutMs > 0) runTimes.set(task.id, Math.max(0, task.timeoutMs - since) + slackMs);
      if (task.silenceMs > 0 && task.state.state !== 'suspended') silences.set(task.id, task.silenceMs + slackMs);
      if (task.state.state === 'stopping') forced.set(task.id, forceMs);
    },
    alive(task) {
      const known = watched.get(task);
      if (known !== undefined) known.lastLife = clock.monotonic();
    },
    watches: (task, attempt) => watched.get(task)?.attempt === attempt,
    attemptOf: (task) => watched.get(task)?.attempt ?? null,
    suspended: (task) => silences.delete(task),
    resumed(task) {
      const known = watched.get(task);
      if (known === undefined || known.silenceMs === 0) return;
      known.lastLife = clock.monotonic();
      silences.set(task, known.silenceMs + slackMs);
    },
    stopping(task) {
      if (isAlive(task.state) && watched.has(task.id)) forced.set(task.id, forceMs);
    },
    ends(task) {
      if (!watched.delete(task)) return;
      runTimes.delete(task);
      silences.delete(task);
      forced.delete(task);
    },
    close() {
      runTimes.close();
      silences.close();
      forced.close();
      watched.clear();
    },
  };
}

import type { Attempt } from '../../domain/attempt.ts';
import type { Millis } from '../../domain/ids.ts';
import type { Holder, Task } from '../../domain/task.ts';

/** The row of an attempt that begins. */
export function freshAttempt(
  task: Task,
  { worker, session }: Holder,
  workerName: string,
  pools: Readonly<Record<string, number>>,
  startedAt: Millis,
): Attempt {
  return {
    task: task.id,
    number: task.attempt,
    worker,
    workerName,
    session,
    pools,
    startedAt,
    endedAt: null,
    outcome: null,
    exitCode: null,
    signal: null,
    reason: null,
    error: null,
    result: null,
    artifacts: [],
  };
}

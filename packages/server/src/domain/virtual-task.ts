import type { Task, TaskArray } from './task.ts';

/** The row that an index of an array would have: nobody has claimed it yet, so it shares the array's rest. */
export function virtualTask(array: TaskArray, index: number): Task {
  const { job, kind, jobPriority, priority, body, rest, parentsLeft, policy, timeoutMs, silenceMs, createdAt } = array;
  return {
    id: array.id + index,
    job,
    array: array.id,
    index,
    key: array.key,
    kind,
    class: array.class,
    jobPriority,
    priority,
    body,
    state: rest,
    parentsLeft,
    attempt: 0,
    failures: 0,
    losses: 0,
    policy,
    timeoutMs,
    silenceMs,
    createdAt,
    startedAt: null,
    endedAt: rest.state === 'canceled' ? rest.at : null,
  };
}

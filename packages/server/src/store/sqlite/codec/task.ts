import type { Reason, StopGoal, Task, TaskState } from '../../../domain/task.ts';
import { unreachable } from '../../../domain/unreachable.ts';
import { taskState, wordOf } from '../codes.ts';
import type { Cell, Cells } from '../database.ts';
import { rankOf } from './json.ts';
import { decodePolicy, farmText, onLoss, retryOn } from './policy.ts';

export const taskColumns = [
  'id',
  'job',
  'array_id',
  'idx',
  'key',
  'kind',
  'class',
  'job_rank',
  'rank',
  'body',
  'state',
  'worker',
  'session',
  'deadline',
  'held',
  'not_before',
  'goal',
  'reason',
  'since',
  'parents_left',
  'attempt',
  'failures',
  'losses',
  'retries',
  'max_losses',
  'retry_on',
  'backoff_ms',
  'on_loss',
  'timeout_ms',
  'silence_ms',
  'created_at',
  'started_at',
  'ended_at',
  'farm_policy',
] as const;

/** The columns of the state: state, worker, session, deadline, held, not_before, goal, reason, since. */
type StateCells = [number, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

export function encodeState(state: TaskState): StateCells {
  const code = taskState.code[state.state];
  switch (state.state) {
    case 'waiting':
      return [code, null, null, null, state.held ? 1 : 0, state.notBefore, null, null, null];
    case 'ready':
    case 'succeeded':
      return [code, null, null, null, null, null, null, null, null];
    case 'offered':
      return [code, state.worker, state.session, state.deadline, null, null, null, null, null];
    case 'running':
    case 'suspended':
      return [code, state.worker, state.session, null, null, null, null, null, null];
    case 'stopping':
      return [code, state.worker, state.session, null, null, null, state.goal, state.reason, state.since];
    case 'failed':
      return [code, null, null, null, null, null, null, state.reason, null];
    case 'canceled':
      return [code, null, null, null, null, null, null, state.reason, state.at];
    default:
      return unreachable(state);
  }
}

const ready: TaskState = { state: 'ready' };
const succeeded: TaskState = { state: 'succeeded' };

export function decodeState(cells: Cells, at: number): TaskState {
  const name = wordOf(taskState, cells[at]);
  const worker = cells[at + 1] as number;
  const session = cells[at + 2] as number;
  switch (name) {
    case 'waiting':
      return { state: name, held: cells[at + 4] === 1, notBefore: cells[at + 5] as number | null };
    case 'ready':
      return ready;
    case 'succeeded':
      return succeeded;
    case 'offered':
      return { state: name, worker, session, deadline: cells[at + 3] as number | null };
    case 'running':
    case 'suspended':
      return { state: name, worker, session };
    case 'stopping':
      return {
        state: name,
        worker,
        session,
        goal: cells[at + 6] as StopGoal,
        reason: cells[at + 7] as Reason,
        since: cells[at + 8] as number,
      };
    case 'failed':
      return { state: name, reason: cells[at + 7] as Reason };
    case 'canceled':
      return { state: name, reason: cells[at + 7] as Reason, at: cells[at + 8] as number };
    default:
      return unreachable(name);
  }
}

export function encodeTask(task: Task): Cell[] {
  const { policy } = task;
  return [
    task.id,
    task.job,
    task.array,
    task.index,
    task.key,
    task.kind,
    task.class,
    rankOf(task.jobPriority),
    rankOf(task.priority),
    task.body,
    ...encodeState(task.state),
    task.parentsLeft,
    task.attempt,
    task.failures,
    task.losses,
    policy.retries,
    policy.maxLosses,
    retryOn[policy.on],
    policy.backoffMs,
    onLoss[policy.onLoss],
    task.timeoutMs,
    task.silenceMs,
    task.createdAt,
    task.startedAt,
    task.endedAt,
    farmText(policy),
  ];
}

export function decodeTask(cells: Cells, at = 0): Task {
  return {
    id: cells[at] as number,
    job: cells[at + 1] as number,
    array: cells[at + 2] as number | null,
    index: cells[at + 3] as number | null,
    key: cells[at + 4] as string | null,
    kind: cells[at + 5] as string,
    class: cells[at + 6] as number,
    jobPriority: rankOf(cells[at + 7] as number),
    priority: rankOf(cells[at + 8] as number),
    body: cells[at + 9] as number,
    state: decodeState(cells, at + 10),
    parentsLeft: cells[at + 19] as number,
    attempt: cells[at + 20] as number,
    failures: cells[at + 21] as number,
    losses: cells[at + 22] as number,
    policy: decodePolicy(cells, at + 23, cells[at + 33]),
    timeoutMs: cells[at + 28] as number,
    silenceMs: cells[at + 29] as number,
    createdAt: cells[at + 30] as number,
    startedAt: cells[at + 31] as number | null,
    endedAt: cells[at + 32] as number | null,
  };
}

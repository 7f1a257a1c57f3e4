import type { JobIntent } from '../../src/domain/job.ts';
import type { RetryPolicy, TaskState } from '../../src/domain/task.ts';
import { stepTask, type TaskCore, type TaskEvent, type TaskOutcome } from '../../src/domain/task-machine.ts';

export const now = 1_000_000;
export const holder = { worker: 7, session: 70 };
const stranger = { worker: 8, session: 80 };
export const attempt = 3;

/** Every shape of every state. */
export const shapes: readonly TaskState[] = [
  ...[false, true].flatMap((held) =>
    [null, now - 1, now, now + 1].map((notBefore): TaskState => ({ state: 'waiting', held, notBefore })),
  ),
  { state: 'ready' },
  { state: 'offered', ...holder, deadline: null },
  { state: 'offered', ...holder, deadline: now + 5 },
  { state: 'running', ...holder },
  { state: 'suspended', ...holder },
  { state: 'stopping', ...holder, goal: 'canceled', reason: 'user', since: now - 9 },
  { state: 'stopping', ...holder, goal: 'requeue', reason: 'drain', since: now - 9 },
  { state: 'stopping', ...holder, goal: 'failed', reason: 'timeout', since: now - 9 },
  { state: 'succeeded' },
  { state: 'failed', reason: 'exit' },
  { state: 'canceled', reason: 'user', at: now - 3 },
  { state: 'canceled', reason: 'dependency', at: now - 3 },
];

const fences = [
  { session: holder.session, attempt },
  { session: holder.session, attempt: null },
  { session: holder.session, attempt: attempt - 1 },
  { session: holder.session, attempt: attempt + 1 },
  { session: stranger.session, attempt },
  { session: stranger.session, attempt: null },
];
const candidateCounts = [null, 0, 2];

/** Every event in every variant. */
export const events: readonly TaskEvent[] = [
  { event: 'parent-succeeded' },
  { event: 'parent-lost' },
  { event: 'revive' },
  { event: 'due' },
  { event: 'hold' },
  { event: 'release' },
  { event: 'claim', holder },
  { event: 'offer', holder, deadline: null },
  { event: 'offer', holder, deadline: now + 9 },
  ...[holder, stranger].map(({ session }): TaskEvent => ({ event: 'accept', session })),
  ...[holder, stranger].flatMap(({ session }) =>
    (['defer', 'reject', 'expire'] as const).map((how): TaskEvent => ({ event: 'decline', session, how })),
  ),
  { event: 'suspend' },
  { event: 'resume' },
  ...fences.map((by): TaskEvent => ({ event: 'succeed', by })),
  ...fences.flatMap((by) =>
    candidateCounts.map((candidates): TaskEvent => ({ event: 'fail', by, reason: 'exit', candidates, dice: 0.25 })),
  ),
  ...candidateCounts.map((candidates): TaskEvent => ({ event: 'lose', candidates })),
  ...fences.flatMap((by) =>
    (['free', 'defer', 'reject'] as const).map((how): TaskEvent => ({ event: 'give-back', by, how, candidates: 0 })),
  ),
  ...(['canceled', 'requeue', 'failed'] as const).flatMap((goal) =>
    [false, true].map((kill): TaskEvent => ({ event: 'stop', goal, reason: 'user', kill })),
  ),
  ...candidateCounts.map((candidates): TaskEvent => ({ event: 'force', candidates })),
  { event: 'retry' },
];

const policies: readonly RetryPolicy[] = (['any', 'distinct'] as const).flatMap((on) =>
  (['requeue', 'fail'] as const).flatMap((onLoss) =>
    [0, 1_000].map((backoffMs) => ({ retries: 2, maxLosses: 2, on, onLoss, backoffMs })),
  ),
);

/** Nothing gone wrong yet, one try left, and none (of two). */
const spent = [0, 1, 2];
export const intents: readonly JobIntent[] = ['none', 'building', 'hold', 'cancel', 'delete'];

type Rest = Omit<TaskCore, 'state'>;

/** Everything but the state, in every combination. */
export const rests: readonly Rest[] = intents.flatMap((intent) =>
  policies.flatMap((policy) =>
    spent.flatMap((failures) =>
      spent.flatMap((losses) =>
        [0, 1, 2].map((parentsLeft): Rest => ({ intent, policy, failures, losses, parentsLeft, attempt })),
      ),
    ),
  ),
);

export interface Case {
  readonly core: TaskCore;
  readonly event: TaskEvent;
  readonly outcome: TaskOutcome;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

/** Visits every state shape x every other field x every event. Inputs are frozen: a step that writes to them throws. */
export function everyCase(visit: (one: Case) => void, step: typeof stepTask = stepTask): void {
  for (const state of frozen(shapes)) {
    for (const rest of frozen(rests)) {
      const core = Object.freeze({ ...rest, state });
      for (const event of frozen(events)) visit({ core, event, outcome: step(core, event, now) });
    }
  }
}

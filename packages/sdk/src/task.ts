import Type, { type Static } from 'typebox';
import { Id, Sha256, Time } from './names.ts';
import { AmountsView } from './worker.ts';

export const TaskState = Type.Enum([
  'waiting',
  'ready',
  'offered',
  'running',
  'suspended',
  'stopping',
  'succeeded',
  'failed',
  'canceled',
]);
export type TaskStateName =
  | 'waiting'
  | 'ready'
  | 'offered'
  | 'running'
  | 'suspended'
  | 'stopping'
  | 'succeeded'
  | 'failed'
  | 'canceled';

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const ArtifactView = Type.Object({ path: Type.String(), blob: Sha256, size: Type.Integer() });
export type ArtifactView = Static<typeof ArtifactView>;

export const AttemptView = Type.Object({
  number: Type.Integer(),
  worker: Type.Integer(),
  workerName: Type.String(),
  startedAt: Time,
  endedAt: orNull(Time),
  outcome: orNull(Type.String()),
  exitCode: orNull(Type.Integer()),
  signal: orNull(Type.String()),
  reason: orNull(Type.String()),
  error: orNull(Type.String()),
});
export type AttemptView = Static<typeof AttemptView>;

export const ProgressView = Type.Object({
  done: Type.Number(),
  total: orNull(Type.Number()),
  unit: orNull(Type.String()),
  phase: orNull(Type.String()),
});
export type ProgressView = Static<typeof ProgressView>;

export const TaskView = Type.Object({
  id: Id,
  job: Id,
  key: orNull(Type.String()),
  array: orNull(Id),
  index: orNull(Type.Integer()),
  kind: Type.String(),
  state: TaskState,
  /** In words where it ended badly or is being stopped. */
  reason: orNull(Type.String()),
  text: orNull(Type.String()),
  held: Type.Boolean(),
  notBefore: orNull(Time),
  parentsLeft: Type.Integer(),
  priority: Type.Integer(),
  attempt: Type.Integer(),
  failures: Type.Integer(),
  losses: Type.Integer(),
  worker: orNull(Type.Object({ id: Type.Integer(), name: Type.String() })),
  exitCode: orNull(Type.Integer()),
  signal: orNull(Type.String()),
  error: orNull(Type.String()),
  progress: orNull(ProgressView),
  createdAt: Time,
  startedAt: orNull(Time),
  endedAt: orNull(Time),
});
export type TaskView = Static<typeof TaskView>;

/** One task with all that is known of it. */
export const TaskDetail = Type.Object({
  ...TaskView.properties,
  /** As it reaches the worker: `payload`, and `inputs` and `outputs` where there are any. */
  payload: Type.Unknown(),
  inputs: Type.Optional(Type.Array(Type.Unknown())),
  outputs: Type.Optional(Type.Array(Type.String())),
  /** The value that stands for its array index. */
  value: orNull(Type.String()),
  needs: Type.Object({
    tags: Type.Array(Type.String()),
    amounts: AmountsView,
    pools: Type.Record(Type.String(), Type.Integer()),
  }),
  timeoutMs: Type.Integer(),
  silenceMs: Type.Integer(),
  result: Type.Unknown(),
  attempts: Type.Array(AttemptView),
  artifacts: Type.Array(ArtifactView),
  /** Committed bytes per stream of the latest attempt. */
  logs: Type.Object({ out: Type.Integer(), err: Type.Integer(), log: Type.Integer() }),
});
export type TaskDetail = Static<typeof TaskDetail>;

export const TaskPage = Type.Object({ tasks: Type.Array(TaskView), next: orNull(Type.String()) });
export type TaskPage = Static<typeof TaskPage>;

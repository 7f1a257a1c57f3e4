import Type, { type Static } from 'typebox';
import { closed, Id, limits, Name, Priority, Time } from './names.ts';

const BoundKey = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$' });

export const JobRequest = Type.Object(
  {
    name: Type.Optional(Name),
    /** `shell` (default), `graph`, and what the server's doors add. `GET /v1/kinds` lists them. */
    kind: Type.Optional(Name),
    /** Higher first. Default 0. */
    priority: Type.Optional(Priority),
    labels: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9_./-]{1,100}$' }), Type.String({ maxLength: limits.labelLength }), {
        ...closed,
        maxProperties: limits.labelCount,
      }),
    ),
    /** Ids of jobs that must have succeeded first. */
    after: Type.Optional(Type.Array(Id, { maxItems: limits.parents })),
    /** Ids of jobs that must have ended first, however. */
    afterAny: Type.Optional(Type.Array(Id, { maxItems: limits.parents })),
    /** Not ended by then, it is canceled and what runs of it is stopped. */
    deadline: Type.Optional(Time),
    /** At most `max` tasks of your jobs with this key at once. */
    limit: Type.Optional(Type.Object({ key: BoundKey, max: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, closed)),
    /** At most `max` tasks of your jobs with this key begin within any `perMs`. */
    rate: Type.Optional(
      Type.Object(
        {
          key: BoundKey,
          max: Type.Integer({ minimum: 1, maximum: 1_000 }),
          perMs: Type.Integer({ minimum: 1, maximum: 31_536_000_000 }),
        },
        closed,
      ),
    ),
    hold: Type.Optional(Type.Boolean()),
    notBefore: Type.Optional(Time),
    /** Start now on this worker or be refused. */
    startOn: Type.Optional(Id),
    /** As the kind says: `ShellSpec`, `GraphSpec`, … */
    spec: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);
export type JobRequest = Static<typeof JobRequest>;

export const JobState = Type.Enum(['waiting', 'held', 'active', 'canceling', 'succeeded', 'failed', 'canceled']);
export type JobState = 'waiting' | 'held' | 'active' | 'canceling' | 'succeeded' | 'failed' | 'canceled';

export const Counts = Type.Object({
  waiting: Type.Integer(),
  ready: Type.Integer(),
  offered: Type.Integer(),
  running: Type.Integer(),
  suspended: Type.Integer(),
  stopping: Type.Integer(),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  canceled: Type.Integer(),
});
export type Counts = Static<typeof Counts>;

export const JobView = Type.Object({
  id: Id,
  name: Type.String(),
  kind: Type.String(),
  state: JobState,
  intent: Type.String(),
  priority: Type.Integer(),
  owner: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  counts: Counts,
  total: Type.Integer(),
  firstTask: Type.Integer(),
  createdAt: Time,
  startedAt: Type.Union([Time, Type.Null()]),
  endedAt: Type.Union([Time, Type.Null()]),
  deadline: Type.Union([Time, Type.Null()]),
});
export type JobView = Static<typeof JobView>;

export const JobPage = Type.Object({ jobs: Type.Array(JobView), next: Type.Union([Type.String(), Type.Null()]) });
export type JobPage = Static<typeof JobPage>;

/** Answer to a bulk submission, in the order of the request. */
export const BulkAnswer = Type.Object({
  jobs: Type.Array(Type.Union([JobView, Type.Object({ problem: Type.Unknown() })])),
});

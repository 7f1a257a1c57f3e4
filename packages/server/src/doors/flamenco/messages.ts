import Type, { type Static } from 'typebox';

/** What the workers send (flamenco §3). Unknown fields are let pass: the wire is not ours to close. */

export const WorkerRegistration = Type.Object({
  secret: Type.String(),
  platform: Type.Optional(Type.String()),
  supported_task_types: Type.Optional(Type.Array(Type.String())),
  nickname: Type.Optional(Type.String()),
});
export type WorkerRegistration = Static<typeof WorkerRegistration>;

/** Missing or empty: no change. */
export const WorkerSignonDoc = Type.Object({
  supported_task_types: Type.Optional(Type.Array(Type.String())),
  nickname: Type.Optional(Type.String()),
});
export type WorkerSignonDoc = Static<typeof WorkerSignonDoc>;

export const FileProduced = Type.Object({ paths: Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 10_000 }) });
export type FileProduced = Static<typeof FileProduced>;

/** What is read of a task update; whatever is not of the right type counts as left out (flamenco §8 B2). */
export interface TaskUpdate {
  readonly status: 'active' | 'completed' | 'failed' | 'canceled' | null;
  readonly activity: string;
  readonly commandIndex: number | null;
  readonly commandProgress: number | null;
  readonly timing: Readonly<Record<string, number>> | null;
  readonly log: string;
}

/** What they get. */
export const WorkerStatusDoc = Type.Object({ status_requested: Type.String() }, { additionalProperties: false });

export const MayKeepRunningResponse = Type.Object(
  {
    may_keep_running: Type.Boolean(),
    reason: Type.Optional(Type.String()),
    status_requested: Type.Optional(Type.String()),
  },
  // A further key ends the worker's may-i-run service for good (flamenco §2.2).
  { additionalProperties: false },
);
export type MayKeepRunningResponse = Static<typeof MayKeepRunningResponse>;

export const ScheduleInfo = Type.Object({
  schedule_active: Type.Boolean(),
  days_of_week: Type.Optional(Type.String({ maxLength: 200 })),
  time_start: Type.Optional(Type.String({ maxLength: 10 })),
  time_end: Type.Optional(Type.String({ maxLength: 10 })),
  next_check: Type.Optional(Type.String()),
  /** Ours. */
  time_zone: Type.Optional(Type.String({ maxLength: 100 })),
});
export type ScheduleInfo = Static<typeof ScheduleInfo>;

export const WorkerDoc = Type.Object({
  _id: Type.String({ pattern: '^[0-9a-f]{24}$' }),
  nickname: Type.String(),
  platform: Type.String(),
  software: Type.String(),
  address: Type.String(),
  status: Type.String(),
  status_requested: Type.String(),
  lazy_status_request: Type.Boolean(),
  supported_task_types: Type.Array(Type.String()),
  time_cost: Type.Integer(),
  current_task: Type.Optional(Type.String()),
  current_job: Type.Optional(Type.String()),
  current_task_status: Type.Optional(Type.String()),
  current_task_updated: Type.Optional(Type.String()),
  last_activity: Type.Optional(Type.String()),
  sleep_schedule: Type.Optional(ScheduleInfo),
  blacklist: Type.Optional(
    Type.Array(
      Type.Object({ _created: Type.String(), worker_id: Type.String(), job_id: Type.String(), task_type: Type.String() }),
    ),
  ),
  /** Ours: why it needs a look. */
  warning: Type.Optional(Type.String()),
  /** Ours: other entries that seem to be the same machine. */
  twins: Type.Optional(Type.Array(Type.String())),
});
export type WorkerDoc = Static<typeof WorkerDoc>;

export const TaskDoc = Type.Object({
  _id: Type.String({ pattern: '^[0-9a-f]{24}$' }),
  job: Type.String(),
  name: Type.String(),
  status: Type.String(),
  priority: Type.Integer(),
  job_priority: Type.Integer(),
  job_type: Type.String(),
  task_type: Type.String(),
  manager: Type.String(),
  project: Type.String(),
  user: Type.String(),
  parents: Type.Array(Type.String()),
  worker: Type.String(),
  commands: Type.Array(
    Type.Object({ name: Type.String({ minLength: 1 }), settings: Type.Record(Type.String(), Type.Unknown()) }),
  ),
});
export type TaskDoc = Static<typeof TaskDoc>;

export const StatusReport = Type.Object({
  nr_of_workers: Type.Integer(),
  nr_of_tasks: Type.Integer(),
  upstream_queue_size: Type.Integer(),
  version: Type.String(),
  workers: Type.Array(WorkerDoc),
  manager_name: Type.String(),
  manager_mode: Type.String(),
  server: Type.Object({ name: Type.String(), url: Type.String() }),
});
export type StatusReport = Static<typeof StatusReport>;

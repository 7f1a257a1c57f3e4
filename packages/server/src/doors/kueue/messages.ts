import Type, { type Static } from 'typebox';

/**
 * The wire (kueue §2): every message of both directions by its name. Objects may carry more fields than named here: they
 * are ignored, as by the real peers. `Option` fields may be null or absent.
 *
 * Three dialects are in use (kueue §0). They differ in one field of `JobInfo`: R17 calls the amounts `resources`,
 * R18 `local_resources`, R19 `worker_resources`. We take any and send all three.
 */

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const option = <T extends Type.TSchema>(schema: T) => Type.Optional(orNull(schema));

const Unit = Type.Null();
/** Above 2^53 - 1 it comes out rounded, the largest as 2^64: see the rulings of kueue §2.1. `decode.ts` refuses what is larger. */
export const U64 = Type.Integer({ minimum: 0, maximum: 2 ** 64 });
const I64 = Type.Integer();
const I32 = Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 });
/** A peer writes null for NaN. */
const F64 = orNull(Type.Number());
const Time = Type.String({
  maxLength: 64,
  pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:?\\d\\d)$',
});

export const Resources = Type.Object({ job_slots: U64, cpus: U64, ram_mb: U64 });
export type Resources = Static<typeof Resources>;

const Finished = Type.Object({
  issued: Time,
  started: Time,
  finished: Time,
  return_code: I32,
  worker: Type.String(),
  run_time_seconds: I64,
  comment: Type.String(),
});
const Canceled = Type.Object({ issued: Time, canceled: Time });
const one = { minProperties: 1, maxProperties: 1 } as const;
const Pending = Type.Object({ Pending: Type.Object({ issued: Time }) }, one);
const Offered = Type.Object({ Offered: Type.Object({ issued: Time, offered: Time, worker: Type.String() }) }, one);
const Running = Type.Object({ Running: Type.Object({ issued: Time, started: Time, worker: Type.String() }) }, one);

export const JobStatus = Type.Union([Pending, Offered, Running, Type.Object({ Finished }, one), Type.Object({ Canceled }, one)]);
export type JobStatus = Static<typeof JobStatus>;

const Amounts = Type.Record(Type.String(), U64);
const jobFields = {
  job_id: U64,
  cmd: Type.Array(Type.String()),
  cwd: Type.String(),
  global_resources: option(Amounts),
  status: JobStatus,
  stdout_path: option(Type.String()),
  stderr_path: option(Type.String()),
};

/** As a peer sends it: one of the three spellings must be there. */
export const SentJobInfo = Type.Object({
  ...jobFields,
  worker_resources: option(Resources),
  local_resources: option(Resources),
  resources: option(Resources),
});
export type SentJobInfo = Static<typeof SentJobInfo>;

/** The worker's echo of ours: only the id counts. */
export const EchoedJob = Type.Object({ job_id: U64 });
export type EchoedJob = Static<typeof EchoedJob>;

/** The echo at the end of a job: the status counts too. */
export const ReportedJob = Type.Object({ job_id: U64, status: JobStatus });
export type ReportedJob = Static<typeof ReportedJob>;

/** As we send it: all three spellings, every key written. */
export const JobInfo = Type.Object({
  job_id: U64,
  cmd: Type.Array(Type.String()),
  cwd: Type.String(),
  worker_resources: Resources,
  local_resources: Resources,
  resources: Resources,
  global_resources: orNull(Amounts),
  status: JobStatus,
  stdout_path: orNull(Type.String()),
  stderr_path: orNull(Type.String()),
});
export type JobInfo = Static<typeof JobInfo>;

export const SystemInfo = Type.Object({
  kernel: Type.String(),
  distribution: Type.String(),
  cpu_cores: U64,
  cpu_frequency: U64,
  total_ram_mb: U64,
  load_info: Type.Object({ one: F64, five: F64, fifteen: F64 }),
});
export type SystemInfo = Static<typeof SystemInfo>;

export const WorkerInfo = Type.Object({
  worker_id: U64,
  worker_name: Type.String(),
  connected_since: Time,
  system_info: SystemInfo,
  last_updated: Time,
  jobs_offered: Type.Array(U64),
  jobs_running: Type.Array(U64),
  free_resources: Resources,
});
export type WorkerInfo = Static<typeof WorkerInfo>;

export const ListJobs = Type.Object({
  num_jobs: U64,
  pending: Type.Boolean(),
  offered: Type.Boolean(),
  running: Type.Boolean(),
  succeeded: Type.Boolean(),
  failed: Type.Boolean(),
  canceled: Type.Boolean(),
});
export type ListJobs = Static<typeof ListJobs>;

export const JobResults = Type.Object({ job_id: U64, stdout_text: option(Type.String()), stderr_text: option(Type.String()) });
export type JobResults = Static<typeof JobResults>;

const JobId = Type.Object({ job_id: U64 });

/** The first value of every connection. The oldest description shows the name without its key (kueue §7). */
export const hello = {
  HelloFromClient: Unit,
  HelloFromWorker: Type.Union([Type.Object({ worker_name: Type.String() }), Type.Tuple([Type.String()])]),
};

export const fromClient = {
  AuthRequest: Unit,
  AuthResponse: Type.String(),
  IssueJob: SentJobInfo,
  ListJobs,
  ShowJob: JobId,
  ObserveJob: JobId,
  RemoveJob: Type.Object({ job_id: U64, kill: Type.Boolean() }),
  CleanJobs: Type.Object({ all: Type.Boolean() }),
  ListWorkers: Unit,
  ShowWorker: Type.Object({ worker_id: U64 }),
  ListResources: Unit,
  Bye: Unit,
};

export const fromWorker = {
  AuthResponse: Type.String(),
  UpdateSystemInfo: SystemInfo,
  UpdateResources: Resources,
  AcceptJobOffer: EchoedJob,
  DeferJobOffer: EchoedJob,
  RejectJobOffer: EchoedJob,
  UpdateJobStatus: ReportedJob,
  UpdateJobResults: JobResults,
  Bye: Unit,
};

const Challenge = Type.Object({ salt: Type.String() });

export const toClient = {
  WelcomeClient: Unit,
  AuthChallenge: Challenge,
  AuthAccepted: Type.Boolean(),
  AcceptJob: JobInfo,
  RejectJob: Type.Object({ job_info: JobInfo, reason: Type.String() }),
  JobList: Type.Object({
    job_infos: Type.Array(JobInfo),
    jobs_pending: U64,
    jobs_offered: U64,
    jobs_running: U64,
    jobs_succeeded: U64,
    jobs_failed: U64,
    jobs_canceled: U64,
    job_avg_run_time_seconds: I64,
    remaining_jobs_eta_seconds: I64,
  }),
  JobInfo: Type.Object({ job_info: JobInfo, stdout_text: orNull(Type.String()), stderr_text: orNull(Type.String()) }),
  JobUpdated: JobInfo,
  WorkerList: Type.Array(WorkerInfo),
  WorkerInfo,
  ResourceList: Type.Object({ used_resources: orNull(Amounts), total_resources: orNull(Amounts) }),
  RequestResponse: Type.Object({ success: Type.Boolean(), text: Type.String() }),
  /** R19 only; R18 takes it as an unknown variant, with the same outcome (kueue §1, Close). */
  Bye: Unit,
};

export const toWorker = {
  WelcomeWorker: Unit,
  AuthChallenge: Challenge,
  AuthAccepted: Type.Boolean(),
  OfferJob: JobInfo,
  ConfirmJobOffer: JobInfo,
  WithdrawJobOffer: JobInfo,
  KillJob: JobInfo,
  Bye: Unit,
};

export type Bodies<T extends Record<string, Type.TSchema>> = { readonly [K in keyof T]: Static<T[K]> };
export type MessageOf<T extends Record<string, Type.TSchema>> = {
  readonly [K in keyof T & string]: { readonly name: K; readonly body: Static<T[K]> };
}[keyof T & string];

export type Hello = MessageOf<typeof hello>;
export type FromClient = MessageOf<typeof fromClient>;
export type FromWorker = MessageOf<typeof fromWorker>;
export type ToClient = MessageOf<typeof toClient>;
export type ToWorker = MessageOf<typeof toWorker>;

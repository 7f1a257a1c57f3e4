/**
 * What the real programs refuse to read (kueue §2): every function throws with the place of the fault. One dialect each: a peer
 * knows only its own spelling of the amounts and its own messages.
 */
export type Dialect = 'R17' | 'R18' | 'R19';
export const dialects: readonly Dialect[] = ['R17', 'R18', 'R19'];
export const spelling = { R17: 'resources', R18: 'local_resources', R19: 'worker_resources' } as const;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Check = (value: Json | undefined, at: string) => void;

function fail(at: string, what: string): never {
  throw new Error(`unreadable: ${at}: ${what}`);
}

const text: Check = (value, at) => {
  if (typeof value !== 'string') fail(at, 'no string');
  else if (!value.isWellFormed()) fail(at, 'half a character');
};
const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'no boolean');
};
const whole =
  (min: number, max: number): Check =>
  (value, at) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) fail(at, `no integer: ${value}`);
  };
const u64 = whole(0, Number.MAX_SAFE_INTEGER);
const i64 = whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const i32 = whole(-(2 ** 31), 2 ** 31 - 1);
const float: Check = (value, at) => {
  if (typeof value !== 'number') fail(at, 'no number');
};
const time: Check = (value, at) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value))
    fail(at, `no time: ${value}`);
};
const option =
  (inner: Check): Check =>
  (value, at) => {
    if (value !== null && value !== undefined) inner(value, at);
  };
const list =
  (inner: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) fail(at, 'no list');
    else for (const [i, item] of value.entries()) inner(item, `${at}[${i}]`);
  };
const map =
  (inner: Check): Check =>
  (value, at) => {
    for (const [name, item] of Object.entries(object(value, at))) inner(item, `${at}.${name}`);
  };
const struct =
  (fields: Record<string, Check>): Check =>
  (value, at) => {
    const record = object(value, at);
    for (const [name, check] of Object.entries(fields)) check(record[name], `${at}.${name}`);
  };

function object(value: Json | undefined, at: string): { [key: string]: Json } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(at, 'no object');
  return value;
}

const variants =
  (of: Record<string, Check>): Check =>
  (value, at) => {
    const [name, body] = typeof value === 'string' ? [value, undefined] : onlyEntry(value, at);
    const check = of[name];
    if (check === undefined) fail(at, `unknown variant ${name}`);
    else check(body, `${at}.${name}`);
  };

function onlyEntry(value: Json | undefined, at: string): [string, Json] {
  const entries = Object.entries(object(value, at));
  const [entry] = entries;
  return entry === undefined || entries.length > 1 ? fail(at, 'not one variant') : entry;
}

const unit: Check = (value, at) => {
  if (value !== undefined && value !== null) fail(at, 'not empty');
};

const resources = struct({ job_slots: u64, cpus: u64, ram_mb: u64 });
const status = variants({
  Pending: struct({ issued: time }),
  Offered: struct({ issued: time, offered: time, worker: text }),
  Running: struct({ issued: time, started: time, worker: text }),
  Finished: struct({
    issued: time,
    started: time,
    finished: time,
    return_code: i32,
    worker: text,
    run_time_seconds: i64,
    comment: text,
  }),
  Canceled: struct({ issued: time, canceled: time }),
});

function jobInfo(dialect: Dialect): Check {
  return struct({
    job_id: u64,
    cmd: list(text),
    cwd: text,
    [spelling[dialect]]: resources,
    ...(dialect === 'R17' ? {} : { global_resources: option(map(u64)) }),
    status,
    stdout_path: option(text),
    stderr_path: option(text),
  });
}

const workerInfo = struct({
  worker_id: u64,
  worker_name: text,
  connected_since: time,
  system_info: struct({
    kernel: text,
    distribution: text,
    cpu_cores: u64,
    cpu_frequency: u64,
    total_ram_mb: u64,
    load_info: struct({ one: float, five: float, fifteen: float }),
  }),
  last_updated: time,
  jobs_offered: list(u64),
  jobs_running: list(u64),
  free_resources: resources,
});

const challenge = struct({ salt: text });

function toClient(dialect: Dialect): Record<string, Check> {
  const job = jobInfo(dialect);
  return {
    WelcomeClient: unit,
    AuthChallenge: challenge,
    AuthAccepted: flag,
    AcceptJob: job,
    JobList: struct({
      job_infos: list(job),
      jobs_pending: u64,
      jobs_offered: u64,
      jobs_running: u64,
      jobs_succeeded: u64,
      jobs_failed: u64,
      jobs_canceled: u64,
      job_avg_run_time_seconds: i64,
      remaining_jobs_eta_seconds: i64,
    }),
    JobInfo: struct({ job_info: job, stdout_text: option(text), stderr_text: option(text) }),
    JobUpdated: job,
    WorkerList: list(workerInfo),
    WorkerInfo: workerInfo,
    RequestResponse: struct({ success: flag, text }),
    ...(dialect === 'R17'
      ? {}
      : {
          RejectJob: struct({ job_info: job, reason: text }),
          ResourceList: struct({ used_resources: option(map(u64)), total_resources: option(map(u64)) }),
        }),
    ...(dialect === 'R19' ? { Bye: unit } : {}),
  };
}

function toWorker(dialect: Dialect): Record<string, Check> {
  const job = jobInfo(dialect);
  return {
    WelcomeWorker: unit,
    AuthChallenge: challenge,
    AuthAccepted: flag,
    OfferJob: job,
    ConfirmJobOffer: job,
    WithdrawJobOffer: job,
    KillJob: job,
    ...(dialect === 'R19' ? { Bye: unit } : {}),
  };
}

export interface Message {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire, after the check
  readonly body: any;
}

/** Reads one value as a program of this dialect does. */
export function readStrictly(value: string, dialect: Dialect, role: 'client' | 'worker'): Message {
  const parsed = JSON.parse(value) as Json;
  variants(role === 'client' ? toClient(dialect) : toWorker(dialect))(parsed, role);
  if (typeof parsed === 'string') return { name: parsed, body: null };
  const [name, body] = onlyEntry(parsed, role);
  return { name, body };
}

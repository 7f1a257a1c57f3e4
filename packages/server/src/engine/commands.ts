import type { Artifact, AttemptOutcome } from '../domain/attempt.ts';
import type { AttemptNumber, ClassId, JobId, Millis, SessionNumber, TaskId, WorkerId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';
import type { Amounts } from '../domain/needs.ts';
import type { JobPlan, PlacedTask } from '../domain/plan.ts';
import type { Right } from '../domain/principal.ts';
import type { LogStream } from '../domain/rows.ts';
import type { Reason, StopGoal, Task, TaskStateName } from '../domain/task.ts';
import type { Cause } from '../domain/why.ts';
import type { WorkerMode, WorkerProfile } from '../domain/worker.ts';

export type { JobPlan, PlacedTask, TaskPlan } from '../domain/plan.ts';

export interface Submitted {
  readonly job: Job;
  /** First id of each task or array, in the order of the plan. */
  readonly taskIds: readonly TaskId[];
  /** The same request had been accepted before under this key. */
  readonly replayed: boolean;
  /** With `startOn`: the attempt that was begun. */
  readonly started: Assignment | null;
}

/** A task given to a worker: everything that its door needs to tell it. */
export interface Assignment {
  readonly task: Task;
  readonly jobName: string;
  readonly owner: string;
  readonly value: string | null;
  readonly amounts: Amounts;
  readonly pools: Readonly<Record<string, number>>;
  /** `TaskBody` as JSON text. */
  readonly body: string;
  readonly checkpoint: string | null;
}

/** Whom a reporter speaks for. `attempt: null`: the peer's wire has no attempt number (fenced by session and task). */
export interface ReportedBy {
  readonly task: TaskId;
  readonly session: SessionNumber;
  readonly attempt: AttemptNumber | null;
}

/** Something that a worker's door must pass on to it. Made by commands, delivered by the engine to the session's listener. */
export type Tell =
  | { readonly tell: 'kill'; readonly task: Task }
  | { readonly tell: 'withdraw'; readonly task: Task }
  | { readonly tell: 'suspend' | 'resume'; readonly task: Task }
  | { readonly tell: 'wish'; readonly mode: WorkerMode | 'shutdown'; readonly lazy: boolean }
  /** The session is over (forgotten, replaced, lease gone): close it. */
  | { readonly tell: 'close'; readonly why: string }
  /** Free message of a door or user (`tell`). */
  | { readonly tell: 'message'; readonly message: unknown };

export interface Told {
  readonly worker: WorkerId;
  readonly session: SessionNumber;
  readonly what: Tell;
}

/** How many tasks a bulk command reached so far; `sweeping` says that the rest follows by itself. */
export interface Moved {
  readonly job: Job;
  readonly moved: number;
  readonly sweeping: boolean;
}

export interface TaskWhy {
  /** Its id; of the unclaimed rest of an array the next one. */
  readonly task: TaskId;
  readonly state: TaskStateName;
  /** For how many tasks this is true. */
  readonly stands: number;
  /** Nothing in it: a claim of some worker would give it, or it is not waiting. */
  readonly causes: readonly Cause[];
}

/**
 * Every command: its input, its answer, and the right it needs. `own` scopes are checked inside, against the job's owner.
 * Complete for all doors: a new need is a new row here, general, without a door's name.
 */
export interface Commands {
  /**
   * `ids`: how many task ids the whole job needs. A job too large for one transaction comes with `building`: its first part
   * here, the rest by `extend`, acknowledged after `built`, which also makes it answer for its key; nothing of it is claimed
   * before (use `engine.submit`).
   */
  submit: [
    /** `fair`: between whom the yard is shared out; null or absent: it is not. */
    { plan: JobPlan; key: string | null; hash: string; ids: number; building: boolean; fair?: string | null },
    Submitted,
  ];
  extend: [
    Pick<JobPlan, 'hold' | 'notBefore' | 'after' | 'afterAny' | 'limit' | 'rate'> & {
      job: JobId;
      tasks: readonly PlacedTask[];
      fair?: string | null;
    },
    { done: true },
  ];
  /** Refused with `conflict` when another job has taken the key meanwhile. */
  built: [{ job: JobId; hold: boolean; key: string | null; hash: string }, { job: Job }];
  /**
   * Gives the worker the best fitting tasks. `run`: attempts begin at once, within its room. `offer`: shown only, until
   * `deadline` (null: none). `kinds`: nothing but these. `poolsToo: false`: nothing that takes from a pool.
   * A worker that must get the same task again (`resume: true`, pull workers) gets what it already holds first.
   */
  claim: [
    {
      worker: WorkerId;
      session: SessionNumber;
      max: number;
      mode: 'run' | 'offer';
      deadline: Millis | null;
      kinds: readonly string[] | null;
      resume: boolean;
      poolsToo: boolean;
      /** So old must a task be before a worker is kept for it (see `domain/backfill.ts`). */
      keepAfterMs?: number;
    },
    /** `exhausted`: classes of which nobody can begin anything now. `more`: another claim of this worker may give more. */
    { assignments: readonly Assignment[]; exhausted: readonly ClassId[]; more: boolean },
  ];
  /** Refused with `void_offer` when the offer stands no more: the worker must be told to drop it. */
  accept: [{ task: TaskId; session: SessionNumber }, { assignment: Assignment }];
  decline: [{ task: TaskId; session: SessionNumber; how: 'defer' | 'reject' | 'expire' }, { task: Task }];
  /** Keeps the checkpoint; progress and phase are signals and come by `engine.progress`. */
  report: [ReportedBy & { checkpoint: string }, { task: Task }];
  /** Commits what is known of a log; bytes beyond the inline part are in the file by then. */
  appendLog: [
    { task: TaskId; attempt: AttemptNumber; stream: LogStream; length: number; inline: Uint8Array | null },
    { length: number },
  ];
  /** The attempt is over. Stale reports change no state, but results of a worker that held the attempt are kept on it. */
  end: [
    ReportedBy & {
      outcome: 'succeeded' | 'failed';
      reason: Reason | null;
      exitCode: number | null;
      signal: string | null;
      error: string | null;
      result: string | null;
      artifacts: readonly Artifact[];
    },
    { task: Task; outcome: AttemptOutcome },
  ];
  /** What came after the end (late outputs of a peer that reports them apart). */
  amend: [
    { task: TaskId; attempt: AttemptNumber; error?: string | null; result?: string | null; artifacts?: readonly Artifact[] },
    { done: true },
  ];
  giveBack: [ReportedBy & { how: 'free' | 'defer' | 'reject'; why: string | null }, { task: Task }];
  suspend: [{ task: TaskId }, { task: Task }];
  resume: [{ task: TaskId }, { task: Task }];
  /** One task, or only this attempt of it. `kill: false` refuses with `running` once it has started. */
  stop: [
    { task: TaskId; attempt?: AttemptNumber; goal: StopGoal; reason: Reason; kill: boolean },
    { task: Task; before: TaskStateName },
  ];
  /** The whole job: what waits is canceled; with `kill` what runs is stopped too. */
  cancel: [{ job: JobId; kill: boolean }, Moved];
  hold: [{ job: JobId }, Moved];
  release: [{ job: JobId }, Moved];
  holdTask: [{ task: TaskId }, { task: Task }];
  releaseTask: [{ task: TaskId }, { task: Task }];
  /** All failed and canceled tasks of the job; what was canceled for them revives. */
  retry: [{ job: JobId }, Moved];
  retryTask: [{ task: TaskId }, { task: Task }];
  setPriority: [{ job: JobId; priority: number }, Moved];
  /** Deletes ended jobs of these states and kinds; `oneTask`: only jobs of exactly one task. */
  clean: [
    { states: readonly JobState[]; kinds: readonly string[] | null; oneTask: boolean; endedBefore: Millis; limit: number },
    { deleted: readonly JobId[]; more: boolean },
  ];
  /** Hidden at once from every door; rows go when no attempt is alive. */
  delete: [{ job: JobId }, Moved];
  /** Gives a pool back before the end of the attempt. */
  releasePool: [ReportedBy & { pool: string }, { task: Task }];
  setPool: [{ name: string; total: number | null }, { name: string; total: number; used: number } | null];

  /** Makes the worker known (or finds it by its key) without a session. */
  register: [
    {
      key: string | null;
      name: string;
      kinds: readonly string[];
      tags: readonly string[];
      total: Amounts;
      profile: WorkerProfile;
      info: Readonly<Record<string, unknown>>;
      approved: boolean;
    },
    { worker: WorkerId; created: boolean },
  ];
  /** Begins a session: a new number; whatever an older session of this worker still was is over (its tasks stay with the worker until reconciled, or are lost if `takeOver` is false). */
  signOn: [
    {
      worker: WorkerId;
      name: string | null;
      kinds: readonly string[] | null;
      tags: readonly string[] | null;
      total: Amounts | null;
      info: Readonly<Record<string, unknown>> | null;
      keepTasks: boolean;
      /** What it is ready for; absent: awake. Null: it has not said yet, it is `starting` until it does (`refresh`). */
      mode?: WorkerMode | null;
    },
    { session: SessionNumber; held: readonly Task[] },
  ];
  /** Ends a session in order; what it held is handed back unharmed if `giveBack`, else lost by its kind's policy. */
  signOff: [{ worker: WorkerId; session: SessionNumber; giveBack: boolean }, { done: true }];
  /** The worker names the attempts it holds: the rest of what the store believes is lost; `kill` are not its own any more. */
  reconcile: [
    { worker: WorkerId; session: SessionNumber; holds: readonly { task: TaskId; attempt: AttemptNumber }[] },
    { kept: readonly Task[]; kill: readonly { task: TaskId; attempt: AttemptNumber }[] },
  ];
  /** The connection broke: grace begins (`lost`), or with no grace everything it held is lost now. */
  connectionLost: [{ worker: WorkerId; session: SessionNumber }, { grace: number }];
  /** Grace or lease is over. `ifLost`: only if its connection is still gone. */
  sessionOver: [{ worker: WorkerId; session: SessionNumber; why: string; ifLost: boolean }, { done: true }];
  /** What the worker is at present: room as it reports it, description. A sign of life, also after a lost connection. Clears deferrals. */
  refresh: [
    {
      worker: WorkerId;
      session: SessionNumber;
      reported: Amounts | null;
      total: Amounts | null;
      info: Readonly<Record<string, unknown>> | null;
      mode: WorkerMode | null;
      seenAt: Millis | null;
    },
    { done: true },
  ];
  /** Asks a worker to become something. */
  wish: [{ worker: WorkerId; mode: WorkerMode | 'shutdown'; lazy: boolean }, { done: true }];
  approve: [{ worker: WorkerId }, { done: true }];
  /** A word about the gate of a worker (`domain/worker-gate.ts`): a person has looked, or wants it to have one or none. */
  gate: [{ worker: WorkerId; event: 'open' | 'close' | 'fit' | 'remove' }, { done: true }];
  /** What its owner says of it. */
  setTags: [{ worker: WorkerId; tags: readonly string[] }, { done: true }];
  /** The row goes; refused while it holds tasks, unless `force`. */
  forget: [{ worker: WorkerId; force: boolean }, { done: true }];
  tell: [{ worker: WorkerId; message: unknown }, { done: true }];
  /** No task of this kind of this job for this worker any more. `requeue`: what it runs of it is stopped and goes back. */
  block: [{ job: JobId; worker: WorkerId; kind: string; requeue: boolean; until?: Millis | null }, { done: true }];
  /** Ends blocks and forgets the failures that led to them; null: of any job, worker, kind. What a worker failed it still does not get again. */
  forgive: [{ job: JobId | null; worker: WorkerId | null; kind: string | null }, { done: true }];

  /** Why tasks wait: one task, or those of a job (its first hundred, arrays as a whole). Changes nothing. See `domain/why.ts`. */
  why: [
    ({ task: TaskId; job?: undefined } | { job: JobId; task?: undefined }) & { keepAfterMs?: number },
    { job: Job; tasks: readonly TaskWhy[] },
  ];
  /** Nobody who could run this task was present for as long as its policy waits: it fails, unless somebody has come. */
  giveUp: [{ task: TaskId }, { moved: boolean }];
  /** Inner duties: what is due, the next page of sweeps, forced ends. Run by the engine as `system`. */
  due: [{ limit: number }, { moved: number; more: boolean }];
  /** `dropped`: tasks whose rows are gone and that may have left files. */
  sweep: [{ limit: number }, { worked: number; more: boolean; dropped: readonly TaskId[] }];
  /** Something that somebody did beside the commands (signing in, changing accounts), for the audit trail. */
  note: [{ by: string; name: string; command: string; subject: string; refusal: string | null }, { done: true }];
  /** The stop of this attempt was not reported in time. */
  force: [{ task: TaskId; attempt: AttemptNumber }, { task: Task }];
}

export type CommandName = keyof Commands;
export type InputOf<N extends CommandName> = Commands[N][0];
export type AnswerOf<N extends CommandName> = Commands[N][1];

export interface CommandRow {
  readonly right: Right;
  /** Written to the audit trail (who did what), also when refused. */
  readonly audited: boolean;
  readonly lane: 'urgent' | 'bulk';
}

const worker = { right: 'worker:run', audited: false, lane: 'urgent' } as const;
const control = { right: 'job:control', audited: true, lane: 'urgent' } as const;
const operate = { right: 'worker:control', audited: true, lane: 'urgent' } as const;
const inner = { right: 'admin:write', audited: false, lane: 'bulk' } as const;

export const commandTable: Readonly<Record<CommandName, CommandRow>> = {
  submit: { right: 'job:submit', audited: true, lane: 'urgent' },
  extend: { right: 'job:submit', audited: false, lane: 'bulk' },
  built: { right: 'job:submit', audited: false, lane: 'urgent' },
  claim: worker,
  accept: worker,
  decline: worker,
  report: worker,
  appendLog: worker,
  end: worker,
  amend: worker,
  giveBack: worker,
  releasePool: worker,
  suspend: control,
  resume: control,
  stop: control,
  cancel: control,
  hold: control,
  release: control,
  holdTask: control,
  releaseTask: control,
  retry: control,
  retryTask: control,
  setPriority: control,
  clean: control,
  delete: control,
  setPool: { right: 'pool:write', audited: true, lane: 'urgent' },
  register: worker,
  signOn: worker,
  signOff: worker,
  reconcile: worker,
  connectionLost: worker,
  sessionOver: worker,
  refresh: worker,
  wish: operate,
  approve: operate,
  gate: operate,
  setTags: operate,
  forget: operate,
  tell: operate,
  block: operate,
  forgive: operate,
  why: { right: 'job:read', audited: false, lane: 'bulk' },
  giveUp: inner,
  due: inner,
  sweep: inner,
  force: inner,
  note: inner,
};

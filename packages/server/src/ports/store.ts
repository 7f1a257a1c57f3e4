import type { Artifact, Attempt } from '../domain/attempt.ts';
import type { Reservation } from '../domain/backfill.ts';
import type { Change, NewChange } from '../domain/change.ts';
import type { Refusal } from '../domain/errors.ts';
import type { AttemptNumber, BodyId, ClassId, JobId, Millis, SessionNumber, TaskId, WorkerId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';
import type { Amounts, ClassSpec } from '../domain/needs.ts';
import type { Principal } from '../domain/principal.ts';
import type { Rate } from '../domain/rate.ts';
import type {
  AuditRow,
  Block,
  Body,
  Edge,
  Exclusion,
  Fault,
  InternedClass,
  LogRow,
  LogStream,
  Pool,
  Sweep,
  Tally,
} from '../domain/rows.ts';
import type { Share } from '../domain/share.ts';
import type { Task, TaskArray, TaskStateName } from '../domain/task.ts';
import type { Worker } from '../domain/worker.ts';
import type { Records } from './records.ts';

/**
 * The durable store. Rules (cited by `test/suites/store.suite.ts`):
 *
 * S1  `run` executes the commands of one call in order, in one transaction; a later command sees the writes of earlier ones.
 * S2  A refusal or a throw of one command leaves no trace of it and does not disturb the others.
 * S3  The promise of `run` settles only after the transaction is on disk (durability `full`: after the flush).
 * S4  A procedure makes at most three reads (`yield`); it has no clock, no randomness, no I/O.
 * S5  Ids come from the store, start at 1, only rise and are never used again, not even after a crash or a purge.
 * S6  Changes get rising numbers in commit order; `changesSince` never returns a number below which a commit is still open.
 * S7  At most 2,000 rows are written in one command; more is a bug and is thrown.
 * S8  The urgent lane is run before the bulk lane; a bulk call never delays an urgent one by more than its own transaction.
 * S9  `close` finishes what was handed in, then refuses; calling it twice is harmless.
 * S10 A newer schema than this program knows stops `open` with a text that says so; an older one is migrated.
 */
export interface Store {
  run(commands: readonly Command[], lane?: Lane): Promise<RunResult>;
  /** Small revisioned documents beside the rows. */
  readonly records: Records;
  readonly query: Queries;
  readonly traits: StoreTraits;
  /** Removes a slice of what is kept for a while only, oldest first; to be called again while there is `more`. */
  trim(rule: TrimRule): Promise<Trimmed>;
  close(): Promise<void>;
}

export interface TrimRule {
  readonly what: 'changes' | 'audit' | 'idempotent';
  /** What is older goes. */
  readonly olderThan: Millis;
  /** Of changes and audit, whatever is beyond so many of the newest goes too; null: by age alone. */
  readonly keep: number | null;
}

export interface Trimmed {
  readonly removed: number;
  readonly more: boolean;
}

export type Lane = 'urgent' | 'bulk';

export interface StoreTraits {
  readonly name: string;
  /** Whether other servers may write to the same store. */
  readonly shared: boolean;
  /** Survives the end of the process. */
  readonly durable: boolean;
}

/** A command as a value; `input` is what the procedure `name` takes (`engine/commands.ts`). */
export interface Command {
  readonly name: string;
  readonly input: unknown;
  readonly now: Millis;
  readonly by: Principal;
  /** 0 ≤ dice < 1. */
  readonly dice: number;
}

export interface RunResult {
  /** One per command, in order. */
  readonly answers: readonly CommandAnswer[];
  /** What was committed, numbered, in order. */
  readonly changes: readonly Change[];
  /** Classes in which a task became ready, workers whose room or wishes changed: whom to wake. */
  readonly wake: Wake;
}

export type CommandAnswer =
  | { readonly answer: unknown }
  | { readonly refusal: Refusal }
  /** A bug in a procedure; already undone. */
  | { readonly thrown: string };

export interface Wake {
  /** 0 stands for all (a pool has room again). */
  readonly classes: readonly ClassId[];
  readonly workers: readonly WorkerId[];
  /** New due moments: the engine arms its one timer for the earliest. */
  readonly due: readonly Millis[];
  /** Sweeps that were begun or have not ended. */
  readonly sweeps: boolean;
}

// ---------------------------------------------------------------------------------------------------------------------
// Procedures

/** Reads that a procedure may ask for, by name: what to give, what comes back. Lists come in ascending id order. */
export interface Reads {
  job: [JobId, Job | null];
  jobs: [readonly JobId[], Job[]];
  /** A task row; null where no row stands (an unclaimed array index has none). */
  task: [TaskId, Task | null];
  tasks: [readonly TaskId[], Task[]];
  /** The array whose block of ids contains this id. */
  arrayAt: [TaskId, TaskArray | null];
  arrays: [readonly TaskId[], TaskArray[]];
  attempt: [{ task: TaskId; number: AttemptNumber }, Attempt | null];
  worker: [WorkerId, Worker | null];
  workers: [readonly WorkerId[], Worker[]];
  workerByKey: [string, Worker | null];
  /** The worker whose present session this is. */
  workerBySession: [SessionNumber, Worker | null];
  /** Every worker there is; for candidates only. */
  allWorkers: [null, Worker[]];
  /** Jobs in which a worker is blocked, or of which a task has failed where it may not be tried again. */
  troubledJobs: [{ limit: number }, JobId[]];
  /** Tasks in the states offered, running, suspended, stopping with this worker (in this session, if given; `worker: null` is any), after a cursor. */
  heldBy: [{ worker: WorkerId | null; session: SessionNumber | null; after: TaskId; limit: number }, Task[]];
  /** The class of this key, interned: created in this transaction where it is new. */
  classOf: [readonly ClassSpec[], InternedClass[]];
  classes: [readonly ClassId[], InternedClass[]];
  /** Classes of the job's rows; may scan the job, asked for rarely. */
  classesOfJob: [JobId, InternedClass[]];
  /** Classes that may have something ready, cheap: a superset is allowed, a subset is not. */
  liveClasses: [null, InternedClass[]];
  /**
   * Per class its best claimable entries for this worker, at most `depth` of them, best first: highest job priority, task
   * priority, oldest job, lowest id (an array counts with the id of its next index), over task rows in `ready` and arrays
   * whose rest is ready and not used up (one entry each). Jobs with an intent other than `none` are left out, exclusions of the worker
   * (this session's, or of any session) that are not over are skipped, at most 256 rows.
   */
  heads: [
    { classes: readonly ClassId[]; worker: WorkerId; session: SessionNumber; picky: boolean; now: Millis; depth: number },
    Head[],
  ];
  pools: [readonly string[], Pool[]];
  /** Few; read by every claim. */
  allPools: [null, Pool[]];
  tallies: [readonly string[], Tally[]];
  /** Shares of the owners, and rates, that these classes (or all that may have something ready) name; the clock's row with shares. */
  shares: [{ classes: readonly ClassId[] | 'live' }, Share[]];
  rates: [{ classes: readonly ClassId[] | 'live' }, Rate[]];
  /** All of them, with the workers that are kept. */
  reservations: [null, { row: Reservation; worker: Worker | null }[]];
  /** What the worker runs that began at or after this moment, added up. */
  begunSince: [{ worker: WorkerId; since: Millis }, Amounts];
  bodies: [readonly BodyId[], Body[]];
  /** Last checkpoint of a task as JSON text; small, durable, survives attempts. Dropped with the task. */
  checkpoints: [readonly TaskId[], { task: TaskId; json: string }[]];
  /** Items of an array, indices `from … from + n - 1`. */
  items: [{ array: TaskId; from: number; n: number }, string[]];
  exclusions: [{ task: TaskId }, Exclusion[]];
  exclusionsOf: [{ worker: WorkerId }, Exclusion[]];
  /** Those that stand at `now`. */
  blocks: [{ worker: WorkerId; now: Millis } | { job: JobId; now: Millis }, Block[]];
  faults: [{ job: JobId }, Fault[]];
  /** Edges from this parent that are not done, after a child id; and edges to this child. */
  childrenOf: [{ kind: Edge['parentKind']; parent: number; after: TaskId; limit: number }, Edge[]];
  parentsOf: [{ kind: Edge['childKind']; child: TaskId }, Edge[]];
  /** The same edges as `childrenOf` with the children's rows, for moving them (one of `task`, `array` is set). */
  childRows: [{ kind: Edge['parentKind']; parent: number; after: TaskId; limit: number }, ChildRow[]];
  /** Task rows of a job after a cursor, in the given states (all if null). */
  tasksOf: [{ job: JobId; after: TaskId; states: readonly TaskStateName[] | null; limit: number }, Task[]];
  arraysOf: [JobId, TaskArray[]];
  /** What is due: waiting tasks and arrays by `notBefore`, offers by deadline, jobs that have not ended by theirs. */
  due: [{ now: Millis; limit: number }, { tasks: Task[]; arrays: TaskArray[]; offers: Task[]; jobs: Job[] }];
  sweep: [{ limit: number }, Sweep[]];
  log: [{ task: TaskId; attempt: AttemptNumber; stream: LogStream }, LogRow | null];
  /** The answer once given under this key. */
  idempotent: [{ owner: string; key: string }, { hash: string; job: JobId } | null];
  /** Ended jobs for `clean`: oldest first. `owner`: this one's only; null: anybody's. */
  endedJobs: [
    {
      states: readonly JobState[];
      kinds: readonly string[] | null;
      oneTask: boolean;
      endedBefore: Millis;
      owner: string | null;
      limit: number;
    },
    Job[],
  ];
  /** Fresh ids, `n` in a row: the first one. */
  fresh: [{ of: 'job' | 'task' | 'worker' | 'session' | 'body'; n: number }, number];
}

export interface ChildRow {
  readonly edge: Edge;
  readonly task: Task | null;
  readonly array: TaskArray | null;
  /** Parents of this child that have ended badly at present: tasks and jobs failed or canceled, arrays with `lost` above 0. */
  readonly lostParents: number;
}

export type ReadName = keyof Reads;
export type ReadRequest = { [N in ReadName]: { readonly read: N; readonly of: Reads[N][0] } }[ReadName];
export type ReadSet = Readonly<Record<string, ReadRequest | undefined>>;
export type ResultOf<R> = R extends { read: infer N extends ReadName } ? Reads[N][1] : undefined;
export type ResultsOf<S extends ReadSet> = { [K in keyof S]: ResultOf<S[K]> };

/** What stands at the head of a class: a task row, or the next index of an array. */
export type Head = { readonly class: ClassId; readonly task: Task } | { readonly class: ClassId; readonly array: TaskArray };

export type Write =
  | { readonly put: 'job'; readonly row: Job; readonly fresh: boolean }
  | { readonly put: 'task'; readonly row: Task; readonly fresh: boolean }
  | { readonly put: 'array'; readonly row: TaskArray; readonly fresh: boolean }
  | { readonly put: 'attempt'; readonly row: Attempt; readonly fresh: boolean }
  | { readonly put: 'worker'; readonly row: Worker; readonly fresh: boolean }
  | { readonly put: 'body'; readonly row: Body }
  | { readonly put: 'items'; readonly array: TaskId; readonly from: number; readonly items: readonly string[] }
  | { readonly put: 'pool'; readonly row: Pool }
  | { readonly put: 'tally'; readonly row: Tally }
  | { readonly put: 'share'; readonly row: Share }
  | { readonly put: 'reservation'; readonly row: Reservation }
  | { readonly put: 'rate'; readonly row: Rate }
  | { readonly put: 'edge'; readonly row: Edge; readonly fresh: boolean }
  | { readonly put: 'exclusion'; readonly row: Exclusion }
  | { readonly put: 'block'; readonly row: Block }
  | { readonly put: 'fault'; readonly row: Fault }
  | { readonly put: 'sweep'; readonly row: Sweep }
  | { readonly put: 'log'; readonly row: LogRow }
  | { readonly put: 'checkpoint'; readonly task: TaskId; readonly json: string }
  | {
      readonly put: 'idempotent';
      readonly owner: string;
      readonly key: string;
      readonly hash: string;
      readonly job: JobId;
      readonly at: Millis;
    }
  | { readonly put: 'audit'; readonly row: AuditRow }
  | { readonly drop: 'worker'; readonly id: WorkerId }
  | { readonly drop: 'pool'; readonly name: string }
  | { readonly drop: 'sweep'; readonly key: string }
  /** Tasks with all that hangs on them (attempts, logs, edges, exclusions, bodies that nobody else uses). */
  | { readonly drop: 'tasks'; readonly ids: readonly TaskId[] }
  | { readonly drop: 'array'; readonly id: TaskId }
  | { readonly drop: 'job'; readonly id: JobId }
  | {
      readonly drop: 'exclusions';
      readonly task?: TaskId;
      readonly worker?: WorkerId;
      readonly session?: SessionNumber;
      readonly why?: Exclusion['why'];
    }
  | { readonly drop: 'blocks'; readonly job: JobId | null; readonly worker: WorkerId | null; readonly kind: string | null }
  | { readonly drop: 'reservation'; readonly worker: WorkerId }
  /** Blocks that have ended by themselves. */
  | { readonly drop: 'blocksOver'; readonly now: Millis }
  | { readonly drop: 'faults'; readonly job: JobId | null; readonly worker: WorkerId | null; readonly kind: string | null };

export interface Done<A> {
  readonly answer: A;
  readonly writes: readonly Write[];
  readonly changes: readonly NewChange[];
  readonly wake?: Partial<Wake>;
}

export interface ProcedureContext {
  readonly now: Millis;
  readonly by: Principal;
  readonly dice: number;
}

/** Pure: yields read sets, returns writes or a refusal. The store gives back what it read under the same names. */
export type Procedure<I, A> = (
  input: I,
  context: ProcedureContext,
) => Generator<ReadSet, Done<A> | { readonly refusal: Refusal }, ResultsOf<ReadSet>>;

/** The module handed to the store by `app/`: every procedure by its name. */
export type Procedures = Readonly<Record<string, Procedure<never, unknown>>>;

/** Types the way through a `yield`: `const { job } = yield* read({ job: { read: 'job', of: 3 } })`. */
export function* read<const S extends ReadSet>(set: S): Generator<ReadSet, ResultsOf<S>, ResultsOf<ReadSet>> {
  return (yield set) as ResultsOf<S>;
}

// ---------------------------------------------------------------------------------------------------------------------
// Queries (beside `run`): what people and doors look at. Read committed data only.

/** All that is given must fit. */
export interface AuditFilter {
  /** Id or name of who did it. */
  readonly by?: string | undefined;
  readonly command?: string | undefined;
  readonly subject?: string | undefined;
  readonly since?: Millis | undefined;
  readonly until?: Millis | undefined;
  /** Only what was refused. */
  readonly refused?: boolean | undefined;
}

export interface Page {
  /** At most this many rows; bounded by the caller to 1,000. */
  readonly limit: number;
  /** Ids strictly after (`asc`) or before (`desc`) this one. */
  readonly cursor: number | null;
  readonly order: 'asc' | 'desc';
}

export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly kinds?: readonly string[];
  readonly owner?: string;
  readonly label?: { readonly name: string; readonly value: string };
  /** Substring of the name, case-insensitive. */
  readonly name?: string;
}

export interface TaskFilter {
  readonly job?: JobId;
  readonly kinds?: readonly string[];
  readonly states?: readonly TaskStateName[];
  /** Held by this worker now. */
  readonly worker?: WorkerId;
  readonly owner?: string;
}

/**
 * A task as shown: a row, or an array index that has none yet (then `virtual` is true and its state is that of the array's
 * rest). Jobs on intent `delete` are never shown.
 */
export interface ShownTask {
  readonly task: Task;
  readonly virtual: boolean;
  readonly attempt: Attempt | null;
  readonly job: Job;
}

export interface Queries {
  job(id: JobId): Promise<Job | null>;
  jobs(filter: JobFilter, page: Page): Promise<Job[]>;
  task(id: TaskId): Promise<ShownTask | null>;
  /** Array indices included, in id order. */
  tasks(filter: TaskFilter, page: Page): Promise<ShownTask[]>;
  array(id: TaskId): Promise<TaskArray | null>;
  arraysOf(job: JobId): Promise<TaskArray[]>;
  item(array: TaskId, index: number): Promise<string | null>;
  attempts(task: TaskId): Promise<Attempt[]>;
  artifacts(task: TaskId): Promise<readonly Artifact[]>;
  edgesTo(child: { kind: Edge['childKind']; id: TaskId }): Promise<Edge[]>;
  /** Edges to tasks and arrays with ids `from … to`, by child; at most `limit`. */
  edgesInto(range: { from: TaskId; to: TaskId; limit: number }): Promise<Edge[]>;
  body(id: BodyId): Promise<string | null>;
  bodies(ids: readonly BodyId[]): Promise<ReadonlyMap<BodyId, string>>;
  log(task: TaskId, attempt: AttemptNumber, stream: LogStream): Promise<LogRow | null>;
  workers(): Promise<Worker[]>;
  worker(id: WorkerId): Promise<Worker | null>;
  /** Tasks that this worker holds now. */
  held(worker: WorkerId): Promise<Task[]>;
  pools(): Promise<Pool[]>;
  tallies(): Promise<Tally[]>;
  classes(ids: readonly ClassId[]): Promise<InternedClass[]>;
  liveClasses(): Promise<InternedClass[]>;
  /** Ready tasks, array indices included, of at most `classes` classes, the oldest ones; at most `each` are counted of each. */
  queue(classes: number, each: number): Promise<{ class: InternedClass; ready: number }[]>;
  /** Blocks that stand at `now`. */
  blocks(of: { worker: WorkerId; now: Millis } | { job: JobId; now: Millis }): Promise<Block[]>;
  exclusions(task: TaskId): Promise<Exclusion[]>;
  /**
   * Ready tasks that somebody may be needed for: those that failed where they may not be tried again, and the first that has not of every
   * class of its own of a job in which a worker was blocked. Bounded.
   */
  troubles(): Promise<Task[]>;
  /** Seconds since the start of the running tasks of a kind: sum, smallest and largest (`kueue §6.10`); zeros if none. */
  runningSeconds(kind: string, now: Millis): Promise<{ sum: number; min: number; max: number }>;
  /** The earliest moment at which something becomes due (`notBefore`, offers' deadlines, ends of blocks, ends of exclusions still ahead of `now`); null: nothing. */
  nextDue(now: Millis): Promise<Millis | null>;
  hasSweeps(): Promise<boolean>;
  /** Jobs on intent `building`. */
  jobsBeingTakenIn(): Promise<JobId[]>;
  /** Who has seen everything up to `n` has missed nothing if n ≥ oldest - 1; `oldest` is newest + 1 when nothing is kept. */
  changesSince(number: number, limit: number): Promise<{ changes: Change[]; oldest: number; newest: number }>;
  audit(page: Page, filter?: AuditFilter): Promise<(AuditRow & { id: number })[]>;
  /** Every blob that an attempt's artifacts, a body's inputs or a task's checkpoint refer to. Read in slices. */
  blobsInUse(): Promise<ReadonlySet<string>>;
  /** Every task whose files tasks that have not ended were told to take. Read in slices. */
  sourcesInUse(): Promise<ReadonlySet<TaskId>>;
}

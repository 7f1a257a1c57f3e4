import type { Readable } from 'node:stream';
import type { Progress } from '../domain/attempt.ts';
import type { Change, ChangeKind } from '../domain/change.ts';
import type { Result } from '../domain/errors.ts';
import type { AttemptNumber, JobId, SessionNumber, TaskId, WorkerId } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import type { LogStream } from '../domain/rows.ts';
import type { Unsubscribe } from '../ports/bus.ts';
import type { BlobWritten } from '../ports/files.ts';
import type { AnswerOf, Assignment, CommandName, InputOf, JobPlan, Submitted, Tell } from './commands.ts';
import type { JobImages } from './images.ts';
import type { Library } from './library.ts';
import type { EngineQueries } from './queries.ts';
import type { SleepSchedules } from './sleep-schedules.ts';
import type { Urge } from './urge.ts';
import type { VariableBook } from './variables.ts';
import type { WorkerReports } from './worker-reports.ts';

export type { Unsubscribe };

/** The engine as doors see it: commands in, queries and live events out. It never hears a door's name. */
export interface Engine {
  /**
   * Authorises, runs in the next batch, answers after the commit. What one turn of the event loop asks for shares one
   * transaction. Never throws for a refusal; a rejected promise is a bug or a store that is gone.
   */
  command<N extends CommandName>(by: Principal, name: N, input: InputOf<N>): Promise<Result<AnswerOf<N>>>;
  /** `submit` for any size: chunks, idempotency, owner, startOn. `key`: from `Idempotency-Key`. */
  submit(by: Principal, plan: JobPlan, options?: { key?: string; hash?: string }): Promise<Result<Submitted>>;
  readonly query: EngineQueries;
  readonly feed: Feed;
  readonly sessions: Sessions;
  readonly logs: TaskLogs;
  readonly files: TaskFiles;
  readonly library: Library;
  readonly images: JobImages;
  readonly sleepSchedules: SleepSchedules;
  /** `{name}` in the commands of tasks; doors put the values in when they hand a task out (`domain/variables.ts`). */
  readonly variables: VariableBook;
  /** Progress and phase of a running attempt: shown, never decided on. */
  progress(task: TaskId, attempt: AttemptNumber, value: Progress): void;
  lastProgress(task: TaskId): Progress | null;
  /** Newest-wins, at most once per turn and task; `null`: of every task. Not replayed. */
  onProgress(task: TaskId | null, call: (task: TaskId, value: Progress) => void): Unsubscribe;
  readonly live: LiveValues;
  readonly reports: WorkerReports;
  readonly urge: Urge;
}

/**
 * What running attempts show of themselves beside their progress: named values of up to some MiB, newest wins, never stored.
 * Workers send them only while somebody watches.
 */
export interface LiveValues {
  /** From the door of the worker that runs the attempt. `bytes` must not change afterwards. Late and unwatched values are dropped. */
  put(task: TaskId, attempt: AttemptNumber, name: string, value: LiveValue): void;
  /**
   * The newest value at once where there is one, then each newer one: at most one call per turn of the event loop. Goes on from
   * attempt to attempt until it is ended. Whether the caller's principal may see the task is for the door to ask first.
   */
  watch(task: TaskId, name: string, call: (value: LiveValue) => void): Unsubscribe;
}

export interface LiveValue {
  /** Where in the task it belongs, in the unit of its progress. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Committed changes, in order, as they happen and from the past. */
export interface Feed {
  /** Synchronous fan-out after every commit, before the commands' answers. `filter` is indexed by job and task where given. */
  subscribe(filter: FeedFilter, call: (changes: readonly Change[]) => void): Unsubscribe;
  /**
   * Replays from a number (exclusive), then follows without gap or double. `reset` when the number is no longer kept.
   * Bounded: a reader that does not keep up gets the rest from the store, not from memory.
   */
  follow(
    by: Principal,
    filter: FeedFilter,
    since: number | null,
    signal: AbortSignal,
  ): AsyncIterable<{ changes: readonly Change[] } | { reset: number }>;
  /**
   * One page after a number (exclusive): what of it matches, and up to which number was looked. `reset` when the number is no
   * longer kept. For readers that keep a place of their own.
   */
  read(
    by: Principal,
    filter: FeedFilter,
    since: number,
  ): Promise<{ changes: readonly Change[]; upTo: number } | { reset: number }>;
  readonly newest: number;
}

export interface FeedFilter {
  readonly job?: JobId;
  readonly task?: TaskId;
  readonly worker?: WorkerId;
  readonly kinds?: readonly ChangeKind[];
}

/** A connected (or signed-on) worker's present life. */
export interface Sessions {
  /**
   * Attaches the door's ears to a session that `signOn` began. With `push` the engine offers or claims for it by itself:
   * at once when something fitting becomes ready or its room grows. Returns the handle with which the door speaks.
   */
  attach(by: Principal, worker: WorkerId, session: SessionNumber, ears: SessionEars): SessionHandle;
}

export interface SessionEars {
  tell(what: Tell): void;
  /** Somebody looks at these live values of the attempt (none: nobody any more). Absent: its wire has no live values. */
  watch?(task: TaskId, attempt: AttemptNumber, names: readonly string[]): void;
  /** How work is pushed; null: it asks (`claim`) by itself. */
  readonly push: {
    /** Attempts that begin at once, within its room. */
    run?(assignments: readonly Assignment[]): void;
    /** Offers: shown, to be accepted, deferred or rejected. */
    offer?(assignments: readonly Assignment[]): void;
    /** Offers outstanding at most (0: none). */
    readonly offers: number;
    /** After how long an unanswered offer expires; null: never. */
    readonly offerMs: number | null;
  } | null;
}

export interface SessionHandle {
  /** Any sign of life; cheap, in memory. */
  alive(): void;
  /**
   * It has answered this offer (accepted, or declined): the command that says so has been given, and the next offer may be
   * made in the same transaction.
   */
  answered(task: TaskId): void;
  /** It is ready for more (after reconcile, after a refresh): asks the dispatcher to look. */
  wake(): void;
  /** A sign of life of one attempt (output, report): holds off the silence time-out. */
  taskAlive(task: TaskId): void;
  /** The connection is gone. Idempotent. */
  lost(): Promise<void>;
  /** It said good-bye. Idempotent. */
  bye(options: { giveBack: boolean }): Promise<void>;
}

/** Task output. */
export interface TaskLogs {
  /**
   * Appends at a logical offset (`null`: at the end), idempotent by offset, answered after the commit with the committed
   * length. A gap is a refusal `conflict` with the committed length in the text, unless `jump` says that bytes were lost.
   */
  append(
    at: LogPlace,
    offset: number | null,
    bytes: Uint8Array,
    options?: { jump?: boolean },
  ): Promise<Result<{ length: number }>>;
  /**
   * Settles when all appends to this attempt's logs so far were handed to the store (or refused): a command given from then on
   * is committed after them, where it can be in the same transaction.
   */
  handedIn(task: TaskId, attempt: AttemptNumber): Promise<void>;
  /** Committed bytes `start … end` (end exclusive, null: all there is). Missing middle: `cut` tells where and how much. */
  read(by: Principal, at: LogPlace, range: { start: number; end: number | null }): Promise<Result<LogBytes>>;
  /** Follows: what is there from `start`, then what comes, until the attempt has ended and all is read. Bounded memory. */
  follow(by: Principal, at: LogPlace, start: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  lengths(task: TaskId, attempt: AttemptNumber): Promise<Readonly<Record<LogStream, number>>>;
}

export interface LogPlace {
  readonly task: TaskId;
  readonly attempt: AttemptNumber;
  readonly stream: LogStream;
}

export interface LogBytes {
  readonly length: number;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** Inputs and artifacts. */
export interface TaskFiles {
  write(by: Principal, bytes: AsyncIterable<Uint8Array>, limit?: number): Promise<Result<BlobWritten & { blob: string }>>;
  read(by: Principal, blob: string, range?: { start: number; end: number }): Promise<Result<{ stream: Readable; size: number }>>;
}

import type { JobId, SessionNumber, TaskId, WorkerId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Platform } from '../../domain/variables.ts';
import type { Wanted, WorkerMode, WorkerStatus } from '../../domain/worker.ts';
import type { SessionHandle } from '../../engine/engine.ts';
import type { RecentUpdates } from './recent-updates.ts';

/** A worker of this door as it is known here: what the store says, kept in line by the feed, and its present session. */
export interface KnownWorker {
  readonly id: WorkerId;
  /** Its own object, a plain one: the store sees it (`Fleet.behind`). */
  readonly principal: Principal;
  readonly secretHash: Buffer;
  name: string;
  kinds: readonly string[];
  platform: Platform | null;
  /** As it named it. */
  platformText: string;
  software: string;
  address: string;
  status: WorkerStatus;
  mode: WorkerMode;
  wanted: Wanted | null;
  /** 0: it has none. */
  session: SessionNumber;
  handle: SessionHandle | null;
  /** A session is being begun. */
  joining: Promise<boolean> | null;
  /** It has had a session: before its first one it counts as starting. */
  met: boolean;
  /** Its session ended because nothing was heard of it, not because it said so. */
  timedOut: boolean;
  /** It has signed on and not asked for a task since. */
  fresh: boolean;
  /** It reports on its task but never asks whether it may go on. */
  unsupervised: boolean;
  readonly holdings: Map<TaskId, Holding>;
  /** What it ran last. */
  lastTask: TaskId | null;
  readonly updates: RecentUpdates;
}

/** A task that a worker holds. Moments are monotonic. */
export interface Holding {
  readonly task: TaskId;
  readonly job: JobId;
  readonly worker: KnownWorker;
  attempt: number;
  state: 'running' | 'stopping';
  /** When it was given, or when this server began to know of it. */
  readonly since: number;
  /** It has said anything about this task, so it knows of it. */
  heard: boolean;
  updatedAt: number | null;
  /** When it last asked whether it may go on. */
  askedAt: number | null;
  /** Since when it asks for a task although it has this one. */
  waitingSince: number | null;
  steps: Promise<readonly Step[]> | null;
}

/** A command of the task, as far as progress is shown by it. */
export interface Step {
  readonly name: string;
  /** Frames that it renders, in order; null: it renders none. */
  readonly frames: readonly number[] | null;
}

import type { ToWorker } from '@switchyard/sdk/worker-wire.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { SessionHandle } from '../../../engine/engine.ts';
import type { ApiContext } from '../context.ts';

/** What the messages of a live session need. */
export interface LiveLink {
  readonly context: ApiContext;
  readonly by: Principal;
  readonly worker: number;
  readonly session: number;
  readonly handle: SessionHandle;
  /** Attempts that this session was given and has not ended. */
  readonly held: Map<number, HeldAttempt>;
  say(message: ToWorker): void;
  /** Counts against the bound on what is being worked on, from now until the promise settles. */
  work(promise: Promise<unknown>, bytes?: number): void;
  leave(): Promise<void>;
}

export interface HeldAttempt {
  readonly attempt: number;
  /** Log bytes that are on their way to the disk: an end waits for them, so that no follower misses the last line. */
  logs: Promise<unknown> | null;
  phase: string | null;
  progress: { readonly done: number; readonly total: number | null; readonly unit: string | null } | null;
}

export const newlyHeld = (attempt: number): HeldAttempt => ({ attempt, logs: null, phase: null, progress: null });

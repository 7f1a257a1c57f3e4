import type { BodyInput } from '@switchyard/sdk/task-spec.ts';
import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import type { Uploaded, WantedFile } from '../artifacts.ts';
import type { MakeLive } from '../live-values.ts';
import type { Outcome, StopWhy } from '../outcome.ts';
import type { Command, ProcessEnd } from '../owned-process.ts';
import type { Report } from '../progress.ts';
import type { System } from '../system.ts';

/** How a kind of task is run. A later kind is one more file here and one more row in `table.ts`. */
export type Runner =
  /** Ends within the call: no process, no files, no room taken. */
  | { readonly how: 'instant'; readonly run: (task: WireTask) => Outcome }
  | { readonly how: 'process'; readonly run: (context: RunContext) => Promise<Outcome> };

/** What a runner may do. All of it is over when its promise settles: folders are removed, nothing may go on behind it. */
export interface RunContext {
  readonly task: WireTask;
  /** Name of this worker, for sentences. */
  readonly worker: string;
  readonly system: System;
  /** How long to wait for a file that a network disk may show late. */
  readonly lateFileMs: number;
  /** The worker's own: to find programs by. Never passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Given when the attempt is to end now; processes started by `spawn` are ended without the runner's help. */
  readonly stop: AbortSignal;
  /** Why, once `stop` was given. */
  readonly stopped: () => StopWhy | null;
  /** A fresh folder of this attempt, removed afterwards. */
  readonly freshFolder: () => string;
  /** Puts the task's inputs there, and others after them. An outcome: it could not be done. */
  readonly placeInputs: (cwd: string, others?: readonly BodyInput[]) => Promise<Outcome | null>;
  /** Runs one process to its end, its output captured, under the task's time limits (which go on from process to process). */
  readonly spawn: (command: SpawnCommand) => Promise<SpawnEnd>;
  /** Uploads these files, also of an attempt that was told to end (then in a hurry). Those that are not there are left out. */
  readonly upload: (files: readonly WantedFile[]) => Promise<Uploaded>;
  /** Uploads what the task's globs match. Adds to the outcome. */
  readonly keepOutputs: (cwd: string, outcome: Outcome) => Promise<Outcome>;
  readonly report: (report: Report) => void;
  /** Adds text to the attempt's stream `log`: what the worker itself has to say. */
  readonly note: (text: string) => void;
  /** Shows this file as the newest picture of the job, if the server can make one of it. Never rejects. */
  readonly sendImage: (file: string, stop: AbortSignal) => Promise<void>;
  /** There is a new live value of this name: made and sent only while somebody watches, the newest wins. */
  readonly live: (name: string, make: MakeLive) => void;
}

export interface SpawnCommand extends Omit<Command, 'env' | 'marker'> {
  readonly env: Readonly<Record<string, string>>;
  /** Reads its standard output, which is then not captured. */
  readonly readOut?: (piece: Uint8Array) => void;
  /** Sees its standard output, which is captured too. */
  readonly seeOut?: (piece: Uint8Array) => void;
  /** Sees its standard error, which is captured too. */
  readonly seeErr?: (piece: Uint8Array) => void;
  /** Given by the runner when this process is to end; the attempt goes on. */
  readonly end?: AbortSignal;
}

export type SpawnEnd = { readonly end: ProcessEnd } | { readonly failed: string } | { readonly busy: string };

import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { TSchema } from 'typebox';
import type { Result } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { Variables } from '../domain/variables.ts';
import type { Worker } from '../domain/worker.ts';

/** What a compiler makes of a request: the rest of the plan follows from the request itself. */
export interface Compiled {
  /** Name of the job where the request has none. */
  readonly name: string;
  /** The job's spec as JSON text; a task with `body: null` shares it. */
  readonly spec: string;
  readonly tasks: readonly TaskPlan[];
}

/** What a compiler may know of the yard beside the request itself. */
export interface Around {
  /** Wall clock, ms. */
  readonly now: number;
  readonly variables: Variables;
  /** Some known worker takes tasks of this kind. */
  offers(kind: string): boolean;
  readonly worker: (id: number) => Pick<Worker, 'name' | 'owner' | 'tags'> | null;
  /** Of the file whose ends the kind asked for; null: there is no such file. */
  readonly ends: FileEnds | null;
}

/** The beginning and the end of a stored file; they may be the same. */
export interface FileEnds {
  readonly size: number;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

export interface KindRow {
  /** One line for people. */
  readonly text: string;
  /** Schema of the request's `spec`; the compiler may rely on it. */
  readonly spec: TSchema;
  /** It reads `around`: whoever compiles must have looked. */
  readonly looksAround?: true;
  /** The blob of which it must see the ends; the spec has passed its schema. */
  readonly endsOf?: { readonly head: number; readonly tail: number; blob(spec: unknown): string };
  compile(spec: unknown, request: JobRequest, around: Around): Result<Compiled>;
}

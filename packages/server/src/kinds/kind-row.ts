import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { TSchema } from 'typebox';
import type { Result } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { Variables } from '../domain/variables.ts';

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
}

export interface KindRow {
  /** One line for people. */
  readonly text: string;
  /** Schema of the request's `spec`; the compiler may rely on it. */
  readonly spec: TSchema;
  /** It reads `around`: whoever compiles must have looked. */
  readonly looksAround?: true;
  compile(spec: unknown, request: JobRequest, around: Around): Result<Compiled>;
}

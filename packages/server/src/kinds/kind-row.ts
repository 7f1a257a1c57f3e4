import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { TSchema } from 'typebox';
import type { Result } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';

/** What a compiler makes of a request: the rest of the plan follows from the request itself. */
export interface Compiled {
  /** Name of the job where the request has none. */
  readonly name: string;
  /** The job's spec as JSON text; a task with `body: null` shares it. */
  readonly spec: string;
  readonly tasks: readonly TaskPlan[];
}

export interface KindRow {
  /** One line for people. */
  readonly text: string;
  /** Schema of the request's `spec`; the compiler may rely on it. */
  readonly spec: TSchema;
  compile(spec: unknown, request: JobRequest): Result<Compiled>;
}

import Type, { type Static } from 'typebox';
import { Amount, AmountMap, closed, Id, limits, Name, Priority, Sha256 } from './names.ts';

/** What a task needs of its worker; everything left out is 0 or empty, `slots` is 1. */
export const Needs = Type.Object(
  {
    slots: Type.Optional(Amount),
    cpus: Type.Optional(Amount),
    ramMb: Type.Optional(Amount),
    resources: Type.Optional(AmountMap),
    pools: Type.Optional(AmountMap),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: limits.tagLength }), { maxItems: limits.tagCount })),
    worker: Type.Optional(Id),
  },
  closed,
);
export type Needs = Static<typeof Needs>;

/** Where a stream goes: kept with the task (`capture`), thrown away, or written to a file on the worker (relative to `cwd`). */
export const Sink = Type.Union([
  Type.Literal('capture'),
  Type.Literal('discard'),
  Type.Object({ file: Type.String({ minLength: 1, maxLength: limits.pathLength }) }, closed),
]);
export type Sink = Static<typeof Sink>;

/**
 * A file put into the task's working directory before it starts: from a blob, or from what an earlier task left. `task` is
 * the key of a task of the same job, or a task id.
 */
export const Input = Type.Union([
  Type.Object(
    {
      path: Type.String({ minLength: 1, maxLength: limits.pathLength }),
      blob: Sha256,
      mode: Type.Optional(Type.Literal('exec')),
    },
    closed,
  ),
  Type.Object(
    {
      path: Type.String({ minLength: 1, maxLength: limits.pathLength }),
      task: Type.Union([Id, Name]),
      /** Path of the artifact as that task named it. With an array, `{index}` stands for each index: all are fetched. */
      artifact: Type.String({ minLength: 1, maxLength: limits.pathLength }),
    },
    closed,
  ),
]);
export type Input = Static<typeof Input>;

export const ShellPayload = Type.Object(
  {
    /** Program and arguments, no shell. `{index}` and `{item}` are replaced in an array's tasks. */
    argv: Type.Array(Type.String({ maxLength: limits.argvBytes }), { minItems: 1, maxItems: limits.argvCount }),
    /** Absolute directory on the worker; a worker that does not have it hands the task back. Absent: a fresh folder. */
    cwd: Type.Optional(Type.String({ minLength: 1, maxLength: limits.pathLength })),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,199}$' }), Type.String({ maxLength: limits.argvBytes }), {
        ...closed,
        maxProperties: limits.envCount,
      }),
    ),
    stdout: Type.Optional(Sink),
    stderr: Type.Optional(Sink),
  },
  closed,
);
export type ShellPayload = Static<typeof ShellPayload>;

export const ArraySpec = Type.Union([
  Type.Object(
    {
      from: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      to: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      step: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.arraySize })),
    },
    closed,
  ),
  Type.Object(
    { items: Type.Array(Type.String({ maxLength: limits.itemLength }), { minItems: 1, maxItems: limits.arrayItems }) },
    closed,
  ),
]);
export type ArraySpec = Static<typeof ArraySpec>;

/** What any task may carry, whatever its kind. */
export const TaskOptions = {
  needs: Type.Optional(Needs),
  priority: Type.Optional(Priority),
  /** Failures allowed before it counts as failed. */
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
  maxLosses: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
  retryOn: Type.Optional(Type.Union([Type.Literal('any'), Type.Literal('distinct')])),
  backoffMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000_000 })),
  silenceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000_000 })),
  inputs: Type.Optional(Type.Array(Input, { maxItems: limits.inputs })),
  /** Globs below the working directory; what they match is kept as artifacts. */
  outputs: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: limits.pathLength }), { maxItems: limits.outputs })),
  array: Type.Optional(ArraySpec),
};

/** `spec` of a job of kind `shell`: one command, or an array of it. */
export const ShellSpec = Type.Object({ ...ShellPayload.properties, ...TaskOptions }, closed);
export type ShellSpec = Static<typeof ShellSpec>;

export const GraphTask = Type.Object(
  {
    ...ShellPayload.properties,
    ...TaskOptions,
    key: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,100}$' }),
    /** Keys of tasks of this job that must have succeeded first. */
    after: Type.Optional(Type.Array(Name, { maxItems: limits.parents })),
  },
  closed,
);
export type GraphTask = Static<typeof GraphTask>;

/** `spec` of a job of kind `graph`: shell tasks with dependencies (and arrays among them). */
export const GraphSpec = Type.Object({ tasks: Type.Array(GraphTask, { minItems: 1, maxItems: limits.tasksPerRequest }) }, closed);
export type GraphSpec = Static<typeof GraphSpec>;

/** How a task body is stored, as JSON text, and reaches a worker unchanged. Inputs name artifacts by task id by then. */
export interface TaskBody {
  readonly payload: unknown;
  readonly inputs?: readonly BodyInput[];
  readonly outputs?: readonly string[];
}
export type BodyInput =
  | { readonly path: string; readonly blob: string; readonly mode?: 'exec' }
  /** `count` tasks from this id on (1, or the size of an array). */
  | { readonly path: string; readonly task: number; readonly count: number; readonly artifact: string };

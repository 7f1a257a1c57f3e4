import type { Attempt } from '../../domain/attempt.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { AttemptNumber, TaskId, WorkerId } from '../../domain/ids.ts';
import { type Principal, reaches } from '../../domain/principal.ts';
import { isRunningLike, type Task } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import { suits, type Worker } from '../../domain/worker.ts';
import { type ReadRequest, read } from '../../ports/store.ts';
import { type AttemptFacts, Draft } from './draft.ts';
import { finish, loadAround, noTask, refusedStep } from './rounds.ts';
import type { ProcedureOf, Reading } from './types.ts';

const stale = (task: TaskId): { refusal: Refusal } =>
  refuse('stale', `The attempt of task ${task} is not held in this session any more`);

/** Whether the reporter's principal stands behind the worker that holds (or held) the attempt. */
function speaksFor(by: Principal, worker: Worker | null): boolean {
  return worker === null ? by.scope === 'all' : reaches(by, worker.owner);
}

function holds(task: Task, session: number, attempt: AttemptNumber | null): boolean {
  return isRunningLike(task.state) && task.state.session === session && (attempt === null || attempt === task.attempt);
}

/** How many present workers could still run a task that must not go to the same worker twice. */
function* candidatesFor(task: Task, failing: WorkerId | null): Reading<number> {
  const got = yield* read({
    classes: { read: 'classes', of: [task.class] },
    workers: { read: 'presentWorkers', of: null },
    exclusions: { read: 'exclusions', of: { task: task.id } },
  });
  const spec = got.classes[0]?.spec;
  if (spec === undefined) return 0;
  const barred = new Set(
    got.exclusions.filter(({ why, until }) => why === 'failed' && until === null).map(({ worker }) => worker),
  );
  if (failing !== null) barred.add(failing);
  return got.workers.filter((worker) => !barred.has(worker.id) && suits(spec, worker)).length;
}

/** Round one and two of a report; the third is left to `finish`. With policy `distinct` the candidates come with the first. */
function* loadReported(draft: Draft, id: TaskId, asked: AttemptNumber | null): Reading<Task | null> {
  const { task } = yield* read({ task: { read: 'task', of: id } });
  if (task === null) return null;
  const late = asked !== null && asked !== task.attempt ? [{ task: id, number: asked }] : [];
  yield* loadAround(draft, [task], [], late);
  return task;
}

/** The attempt is over. */
export const end: ProcedureOf<'end'> = function* (input, context) {
  const draft = new Draft(context);
  const task = yield* loadReported(draft, input.task, input.attempt);
  if (task === null) return noTask(input.task);
  const facts: AttemptFacts = {
    exitCode: input.exitCode,
    signal: input.signal,
    error: input.error,
    result: input.result,
    artifacts: input.artifacts,
  };
  if (!holds(task, input.session, input.attempt)) return late(draft, task, input, facts, context.by);
  const { state } = task;
  const worker = isRunningLike(state) ? draft.maybeWorker(state.worker) : null;
  if (!speaksFor(context.by, worker)) return stale(task.id);
  const by = { session: input.session, attempt: input.attempt };
  let event: TaskEvent = { event: 'succeed', by };
  if (input.outcome === 'failed') {
    const distinct = task.policy.on === 'distinct' && task.failures < task.policy.retries;
    const candidates = distinct ? yield* candidatesFor(task, worker?.id ?? null) : null;
    event = { event: 'fail', by, reason: input.reason ?? 'error', candidates, dice: context.dice };
    // The look for candidates was this command's third round: whether there are children is left to the sweep.
    if (distinct) return yield* ended(draft, task, event, facts, false);
  }
  return yield* ended(draft, task, event, facts, true);
};

function* ended(draft: Draft, task: Task, event: TaskEvent, facts: AttemptFacts, check: boolean) {
  const refused = draft.step(task.id, event, facts);
  if (refused !== null) return refusedStep(refused, task, 'end');
  return yield* finish(
    draft,
    () => ({ task: draft.task(task.id), outcome: draft.attempt(task.id, task.attempt)?.outcome ?? ('lost' as const) }),
    check,
  );
}

/** Never changes a state. What a worker that held the attempt found out is kept on the attempt, once. */
function late(
  draft: Draft,
  task: Task,
  input: { session: number; attempt: AttemptNumber | null },
  facts: AttemptFacts,
  by: Principal,
) {
  const attempt = draft.attempt(task.id, input.attempt ?? task.attempt);
  if (attempt === null || attempt.outcome === null || !mayAmend(attempt, input.session, input.attempt)) return stale(task.id);
  // The worker's row may be gone by now; a worker's credential sees only its own sessions' numbers.
  if (by.scope !== 'all' && input.attempt === null) return stale(task.id);
  if (attempt.exitCode === null && attempt.result === null) draft.putAttempt({ ...attempt, ...facts });
  return draft.done({ task, outcome: attempt.outcome });
}

function mayAmend(attempt: Attempt, session: number, number: AttemptNumber | null): boolean {
  return attempt.session === session || number !== null;
}

/** What a peer reports after the end. */
export const amend: ProcedureOf<'amend'> = function* (input, context) {
  const { attempt } = yield* read({ attempt: { read: 'attempt', of: { task: input.task, number: input.attempt } } });
  if (attempt === null) return noTask(input.task);
  const { worker } = yield* read({ worker: { read: 'worker', of: attempt.worker } });
  if (!speaksFor(context.by, worker)) return stale(input.task);
  const { error = attempt.error, result = attempt.result, artifacts = attempt.artifacts } = input;
  const draft = new Draft(context).load({ attempts: [attempt] });
  draft.putAttempt({ ...attempt, error, result, artifacts });
  return draft.done({ done: true } as const);
};

/** Handed back unharmed: counts against no budget. */
export const giveBack: ProcedureOf<'giveBack'> = function* (input, context) {
  const draft = new Draft(context);
  const task = yield* loadReported(draft, input.task, input.attempt);
  if (task === null) return noTask(input.task);
  if (!holds(task, input.session, input.attempt)) return stale(task.id);
  const worker = isRunningLike(task.state) ? draft.maybeWorker(task.state.worker) : null;
  if (!speaksFor(context.by, worker)) return stale(task.id);
  const by = { session: input.session, attempt: input.attempt };
  const refused = draft.step(task.id, { event: 'give-back', by, how: input.how }, { error: input.why });
  if (refused !== null) return refusedStep(refused, task, 'give back');
  return yield* finish(draft, () => ({ task: draft.task(task.id) }));
};

/** Keeps a checkpoint: small, durable, handed to the next attempt. */
export const report: ProcedureOf<'report'> = function* (input, context) {
  const draft = new Draft(context);
  const task = yield* loadReported(draft, input.task, input.attempt);
  if (task === null) return noTask(input.task);
  if (!holds(task, input.session, input.attempt)) return stale(task.id);
  const worker = isRunningLike(task.state) ? draft.maybeWorker(task.state.worker) : null;
  if (!speaksFor(context.by, worker)) return stale(task.id);
  draft.write({ put: 'checkpoint', task: task.id, json: input.checkpoint });
  return draft.done({ task });
};

export const releasePool: ProcedureOf<'releasePool'> = function* (input, context) {
  const draft = new Draft(context);
  const task = yield* loadReported(draft, input.task, input.attempt);
  if (task === null) return noTask(input.task);
  if (!holds(task, input.session, input.attempt)) return stale(task.id);
  const worker = isRunningLike(task.state) ? draft.maybeWorker(task.state.worker) : null;
  if (!speaksFor(context.by, worker)) return stale(task.id);
  const attempt = draft.attempt(task.id, task.attempt);
  if (attempt !== null) draft.releasePool(attempt, input.pool);
  return draft.done({ task });
};

/** The committed length of a log only ever grows; the bytes beyond 4 KiB are in the file by now. */
export const appendLog: ProcedureOf<'appendLog'> = function* (input, context) {
  const { task, attempt, stream } = input;
  const got = yield* read({
    log: { read: 'log', of: { task, attempt, stream } },
    attempt: { read: 'attempt', of: { task, number: attempt } },
  } satisfies Record<string, ReadRequest>);
  if (got.attempt === null) return noTask(task);
  const { worker } = yield* read({ worker: { read: 'worker', of: got.attempt.worker } });
  if (!speaksFor(context.by, worker)) return stale(task);
  const known = got.log?.length ?? 0;
  const draft = new Draft(context);
  if (input.length <= known) return draft.done({ length: known });
  draft.write({ put: 'log', row: { task, attempt, stream, length: input.length, inline: input.inline } });
  return draft.done({ length: input.length });
};

import type { Attempt } from '../../domain/attempt.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import { type Principal, reaches } from '../../domain/principal.ts';
import { isRunningLike, type Task } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import type { Worker } from '../../domain/worker.ts';
import { read } from '../../ports/store.ts';
import type { InputOf, ReportedBy } from '../commands.ts';
import { type AttemptFacts, Draft } from './draft.ts';
import { finish, loadAround, noTask, refusedStep } from './rounds.ts';
import type { ProcedureOf, Reading } from './types.ts';

const stale = (task: TaskId): { refusal: Refusal } =>
  refuse('stale', `The attempt of task ${task} is not held in this session any more`);

/** Whether the reporter's principal stands behind the worker that holds (or held) the attempt. */
function speaksFor(by: Principal, worker: Worker | null): boolean {
  return worker === null ? by.scope === 'all' : reaches(by, worker.owner);
}

function holds(task: Task, { session, attempt }: ReportedBy): boolean {
  return isRunningLike(task.state) && task.state.session === session && (attempt === null || attempt === task.attempt);
}

/** Round one and two of a report: the task and all that its end may touch, an older attempt included where it is named. */
function* loadReported(draft: Draft, { task: id, attempt }: ReportedBy): Reading<Task | null> {
  const { task } = yield* read({ task: { read: 'task', of: id } });
  if (task === null) return null;
  const older = attempt !== null && attempt !== task.attempt ? [{ task: id, number: attempt }] : [];
  yield* loadAround(draft, [task], [], older);
  return task;
}

/** The same for reports that only the present holder may make. */
function* loadHeld(draft: Draft, input: ReportedBy, by: Principal): Reading<{ task: Task } | { refusal: Refusal }> {
  const task = yield* loadReported(draft, input);
  if (task === null) return noTask(input.task);
  const worker = isRunningLike(task.state) ? draft.maybeWorker(task.state.worker) : null;
  return holds(task, input) && speaksFor(by, worker) ? { task } : stale(task.id);
}

/** The attempt is over. */
export const end: ProcedureOf<'end'> = function* (input, context) {
  const draft = new Draft(context);
  const task = yield* loadReported(draft, input);
  if (task === null) return noTask(input.task);
  const { exitCode, signal, error, result, artifacts } = input;
  const facts = { exitCode, signal, error, result, artifacts };
  if (!holds(task, input)) return yield* late(draft, task, input, facts, context.by);
  const worker = isRunningLike(task.state) ? draft.maybeWorker(task.state.worker) : null;
  if (!speaksFor(context.by, worker)) return stale(task.id);
  const by = { session: input.session, attempt: input.attempt };
  if (input.outcome === 'succeeded') return yield* ended(draft, task, { event: 'succeed', by }, facts);
  const event: TaskEvent = { event: 'fail', by, reason: input.reason ?? 'error', candidates: null, dice: context.dice };
  return yield* ended(draft, task, event, facts);
};

function* ended(draft: Draft, task: Task, event: TaskEvent, facts: AttemptFacts) {
  const refused = draft.step(task.id, event, facts);
  if (refused !== null) return refusedStep(refused, task, 'end');
  return yield* finish(draft, () => ({
    task: draft.task(task.id),
    outcome: draft.attempt(task.id, task.attempt)?.outcome ?? ('lost' as const),
  }));
}

/** Never changes a state. What a worker that held the attempt found out is kept on the attempt, once. */
function* late(draft: Draft, task: Task, input: InputOf<'end'>, facts: AttemptFacts, by: Principal) {
  const attempt = draft.attempt(task.id, input.attempt ?? task.attempt);
  if (attempt === null || attempt.outcome === null) return stale(task.id);
  const { worker } = yield* read({ worker: { read: 'worker', of: attempt.worker } });
  // It may report in a later session than the one that began the attempt; its row may be gone by now.
  const held = attempt.session === input.session || worker?.session === input.session;
  if (!held || !speaksFor(by, worker)) return stale(task.id);
  if (attempt.exitCode === null && attempt.result === null) draft.putAttempt({ ...attempt, ...facts } satisfies Attempt);
  return draft.done({ task, outcome: attempt.outcome });
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
  const held = yield* loadHeld(draft, input, context.by);
  if ('refusal' in held) return held;
  const { id } = held.task;
  const by = { session: input.session, attempt: input.attempt };
  const refused = draft.step(id, { event: 'give-back', by, how: input.how, candidates: null }, { error: input.why });
  if (refused !== null) return refusedStep(refused, held.task, 'give back');
  return yield* finish(draft, () => ({ task: draft.task(id) }));
};

/** Keeps a checkpoint: small, durable, handed to the next attempt. */
export const report: ProcedureOf<'report'> = function* (input, context) {
  const draft = new Draft(context);
  const held = yield* loadHeld(draft, input, context.by);
  if ('refusal' in held) return held;
  draft.write({ put: 'checkpoint', task: input.task, json: input.checkpoint });
  return draft.done(held);
};

export const releasePool: ProcedureOf<'releasePool'> = function* (input, context) {
  const draft = new Draft(context);
  const held = yield* loadHeld(draft, input, context.by);
  if ('refusal' in held) return held;
  const attempt = draft.attempt(held.task.id, held.task.attempt);
  if (attempt !== null) draft.releasePool(attempt, input.pool);
  return draft.done(held);
};

/** The committed length of a log only ever grows; the bytes beyond 4 KiB are in the file by now. */
export const appendLog: ProcedureOf<'appendLog'> = function* (input, context) {
  const { task, attempt, stream } = input;
  const got = yield* read({
    log: { read: 'log', of: { task, attempt, stream } },
    attempt: { read: 'attempt', of: { task, number: attempt } },
  });
  if (got.attempt === null) return noTask(task);
  const { worker } = yield* read({ worker: { read: 'worker', of: got.attempt.worker } });
  if (!speaksFor(context.by, worker)) return stale(task);
  const known = got.log?.length ?? 0;
  const draft = new Draft(context);
  if (input.length <= known) return draft.done({ length: known });
  draft.write({ put: 'log', row: { task, attempt, stream, length: input.length, inline: input.inline } });
  return draft.done({ length: input.length });
};

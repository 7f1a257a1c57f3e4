import { refuse } from '../../domain/errors.ts';
import type { Task } from '../../domain/task.ts';
import { isAlive } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import type { ProcedureContext } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { finish, loadAround, noTask, readTask, refusedStep, seesJob } from './rounds.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';

/** One task, or one index of an array that has no row yet, moved by one event on somebody's word. */
function* act<A>(
  id: number,
  context: ProcedureContext,
  event: TaskEvent,
  verb: string,
  answer: (task: Task, before: Task) => A,
  check: (draft: Draft, task: Task) => ReturnType<typeof refuse> | null = () => null,
): Reading<ProcedureResult<A>> {
  const { task: row, array } = yield* readTask(id);
  if (row === null && array === null) return noTask(id);
  const draft = new Draft(context);
  yield* loadAround(draft, row === null ? [] : [row], array === null ? [] : [array]);
  const job = draft.maybeJob(row?.job ?? array?.job ?? 0);
  if (!seesJob(context.by, job)) return noTask(id);
  const before = row ?? (array === null ? null : draft.virtual(array, id - array.id));
  if (before === null) return noTask(id);
  const wrong = check(draft, before);
  if (wrong !== null) return wrong;
  if (row === null && array !== null) draft.materialise(array.id, id - array.id);
  const refused = draft.step(id, event);
  if (refused !== null) return refusedStep(refused, before, verb);
  return yield* finish(draft, () => answer(draft.task(id), before));
}

const justTask = (task: Task): { task: Task } => ({ task });

export const stop: ProcedureOf<'stop'> = function* ({ task, goal, reason, kill }, context) {
  const event: TaskEvent = { event: 'stop', goal, reason, kill };
  return yield* act(task, context, event, 'cancel', (now, before) => ({ task: now, before: before.state.state }));
};

/** The end of a stop was not reported in time. */
export const force: ProcedureOf<'force'> = function* ({ task, attempt }, context) {
  return yield* act(task, context, { event: 'force' }, 'force', justTask, (_, row) =>
    row.attempt === attempt ? null : refuse('stale', `Task ${task} is at attempt ${row.attempt}`),
  );
};

export const holdTask: ProcedureOf<'holdTask'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'hold' }, 'hold', justTask);
};

export const releaseTask: ProcedureOf<'releaseTask'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'release' }, 'release', justTask);
};

export const retryTask: ProcedureOf<'retryTask'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'retry' }, 'retry', justTask, (draft, row) => {
    const { intent } = draft.job(row.job);
    // The job was canceled as a whole: trying one of its tasks again takes that back.
    if (intent === 'cancel') draft.putJob({ ...draft.job(row.job), intent: 'none' });
    if (isAlive(row.state)) return null;
    draft.write({ drop: 'exclusions', task });
    return null;
  });
};

function suspendable(draft: Draft, row: Task): ReturnType<typeof refuse> | null {
  if (!isAlive(row.state)) return null;
  const worker = draft.maybeWorker(row.state.worker);
  return worker?.profile.suspends === true
    ? null
    : refuse('unsupported', `${worker?.name ?? 'This worker'} cannot suspend a task`);
}

export const suspend: ProcedureOf<'suspend'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'suspend' }, 'suspend', justTask, suspendable);
};

export const resume: ProcedureOf<'resume'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'resume' }, 'resume', justTask, suspendable);
};

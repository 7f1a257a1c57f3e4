import { type Refusal, refuse } from '../../domain/errors.ts';
import type { AttemptNumber } from '../../domain/ids.ts';
import { isFinal } from '../../domain/job.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { isAlive } from '../../domain/task.ts';
import type { TaskEvent } from '../../domain/task-machine.ts';
import { virtualTask } from '../../domain/virtual-task.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { stillAhead } from './job-control.ts';
import { lostParent, waitedFor } from './lost-parents.ts';
import { finish, loadAround, noTask, readTask, refusedStep, seesJob } from './rounds.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';

/** The row, or the index without one as the task that it would be. */
function shownAs(id: number, row: Task | null, array: TaskArray | null): Task | null {
  return row ?? (array === null ? null : virtualTask(array, id - array.id));
}

/** One task, or one index of an array that has no row yet, moved by one event on somebody's word. */
function* act<A>(
  id: number,
  context: ProcedureContext,
  event: TaskEvent,
  verb: string,
  answer: (task: Task, before: Task) => A,
  check: (draft: Draft, task: Task) => { refusal: Refusal } | null = () => null,
): Reading<ProcedureResult<A>> {
  const { task: row, array } = yield* readTask(id);
  const before = shownAs(id, row, array);
  if (before === null) return noTask(id);
  const draft = new Draft(context);
  yield* loadAround(draft, row === null ? [] : [row], array === null ? [] : [array]);
  if (!seesJob(context.by, draft.maybeJob(before.job))) return noTask(id);
  const wrong = check(draft, before);
  if (wrong !== null) return wrong;
  if (row === null && array !== null) draft.materialise(array.id, id - array.id);
  const refused = draft.step(id, event);
  if (refused !== null) return refusedStep(refused, before, verb);
  return yield* finish(draft, () => answer(draft.task(id), before));
}

const justTask = (task: Task): { task: Task } => ({ task });

/** Only this attempt, where one is named. */
const atAttempt =
  (asked: AttemptNumber | undefined) =>
  (_: Draft, { id, attempt }: Task): { refusal: Refusal } | null =>
    asked === undefined || asked === attempt ? null : refuse('stale', `Task ${id} is at attempt ${attempt}`);

export const stop: ProcedureOf<'stop'> = function* ({ task, attempt, goal, reason, kill }, context) {
  const event: TaskEvent = { event: 'stop', goal, reason, kill };
  const answer = (now: Task, before: Task) => ({ task: now, before: before.state.state });
  return yield* act(task, context, event, 'cancel', answer, atAttempt(attempt));
};

/** The end of a stop was not reported in time. */
export const force: ProcedureOf<'force'> = function* ({ task, attempt }, context) {
  return yield* act(task, context, { event: 'force', candidates: null }, 'force', justTask, atAttempt(attempt));
};

export const holdTask: ProcedureOf<'holdTask'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'hold' }, 'hold', justTask);
};

export const releaseTask: ProcedureOf<'releaseTask'> = function* ({ task }, context) {
  return yield* act(task, context, { event: 'release' }, 'release', justTask, (draft, row) =>
    draft.job(row.job).intent === 'hold' ? refuse('wrong_state', `Job ${row.job} is held as a whole: release the job`) : null,
  );
};

/** One task once more. What was canceled because of it comes back by itself; what it depends on must not be lost. */
export const retryTask: ProcedureOf<'retryTask'> = function* ({ task: id }, context) {
  const { task: row, array } = yield* readTask(id);
  const before = shownAs(id, row, array);
  if (before === null) return noTask(id);
  const draft = new Draft(context);
  const child = { kind: before.array === null ? ('task' as const) : ('array' as const), child: before.array ?? id };
  const { edges } = yield* loadAround(draft, row === null ? [] : [row], array === null ? [] : [array], [], {
    edges: { read: 'parentsOf', of: child },
  });
  const job = draft.maybeJob(before.job);
  if (job === null || !seesJob(context.by, job)) return noTask(id);
  const parents = yield* read({
    tasks: { read: 'tasks', of: waitedFor(edges, 'task') },
    arrays: { read: 'arrays', of: waitedFor(edges, 'array') },
    jobs: { read: 'jobs', of: waitedFor(edges, 'job') },
  });
  const wrong = lostParent(`Task ${id}`, edges, before.parentsLeft, parents);
  if (wrong !== null) return wrong;
  if (job.intent === 'cancel') {
    if (!isFinal(job.state)) return refuse('wrong_state', `Job ${job.id} is being canceled; wait until it is`);
    // The job was canceled as a whole: trying one of its tasks again takes that back.
    draft.putJob({ ...job, intent: 'none', deadline: stillAhead(job, context.now) });
    draft.write({ drop: 'sweep', key: `stop ${job.id}` });
  }
  if (row === null && array !== null) draft.materialise(array.id, id - array.id);
  const refused = draft.step(id, { event: 'retry' });
  if (refused !== null) return refusedStep(refused, before, 'retry');
  draft.forgiveTask(id);
  return yield* finish(draft, () => ({ task: draft.task(id) }), false);
};

function suspendable(draft: Draft, row: Task): { refusal: Refusal } | null {
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

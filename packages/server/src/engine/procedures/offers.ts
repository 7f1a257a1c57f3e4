import { type Refusal, refuse } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import { fitsIn, nothing } from '../../domain/needs.ts';
import { type Principal, reaches } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import { roomOf, type Worker } from '../../domain/worker.ts';
import { type Done, read } from '../../ports/store.ts';
import { assignmentOf, indexValue } from './assignment.ts';
import { Draft } from './draft.ts';
import { isInTheWay, type Reserved, sinceRequest } from './keeping.ts';
import { finish, loadAround } from './rounds.ts';
import type { ProcedureOf, Reading } from './types.ts';
import type { Spoken } from './working-set.ts';

const notOffered = (task: TaskId): { refusal: Refusal } => refuse('void_offer', `Task ${task} is not offered to this worker`);

/** Round one of an answer: the task, and who answers. Null: no such task, or nobody that this principal speaks for. */
function* answering(
  { task: id, session }: { task: TaskId; session: number },
  by: Principal,
): Reading<{ task: Task; worker: Worker; reserved: readonly Reserved[] } | null> {
  const { task, worker, reserved } = yield* read({
    task: { read: 'task', of: id },
    worker: { read: 'workerBySession', of: session },
    reserved: { read: 'reservations', of: null },
  });
  return task === null || worker === null || !reaches(by, worker.owner) ? null : { task, worker, reserved };
}

/** The worker takes what it was offered. */
export const accept: ProcedureOf<'accept'> = function* (input, context) {
  const found = yield* answering(input, context.by);
  if (found === null) return notOffered(input.task);
  const { task, worker, reserved } = found;
  const draft = new Draft(context).load({ workers: [worker] });
  const since = sinceRequest(reserved, worker);
  const also = yield* loadAround(draft, [task], [], [], since === undefined ? undefined : { since });
  // Its answer has come, late: it may be offered this task again.
  if (task.state.state !== 'offered' || task.state.session !== input.session) return voided(draft, task.id, worker);
  const { array, index } = task;
  const more = yield* read({
    bodies: { read: 'bodies', of: [task.body] },
    checkpoints: { read: 'checkpoints', of: task.attempt > 0 ? [task.id] : [] },
    items: array !== null && index !== null ? { read: 'items', of: { array, from: index, n: 1 } } : undefined,
  });
  const { amounts } = draft.class(task.class).spec;
  if (
    worker.gate === 'closed' ||
    !hasRoom(draft, task, worker) ||
    isInTheWay(reserved, worker, task, amounts, also?.since ?? nothing)
  ) {
    // It was given something else in the very moment in which it accepted this.
    draft.step(task.id, { event: 'decline', session: input.session, how: 'expire' });
    draft.closeJobs();
    for (const ending of draft.endings) draft.spread(ending);
    return voided(draft, task.id, worker);
  }
  const refused = draft.step(task.id, { event: 'accept', session: input.session });
  if (refused !== null) return voided(draft, task.id, worker);
  draft.closeJobs();
  const now = draft.task(task.id);
  const value = more.items?.[0] ?? indexValue(draft, now);
  const body = more.bodies[0]?.json ?? '{}';
  return draft.done({ assignment: assignmentOf(draft, now, { body, value, checkpoint: more.checkpoints[0]?.json ?? null }) });
};

/** Whoever reports its room by itself knows best. */
function hasRoom(draft: Draft, task: Task, worker: Worker): boolean {
  return worker.profile.room === 'reported' || fitsIn(draft.class(task.class).spec.amounts, roomOf(worker));
}

/** Answered as a refusal after the commit (see `engine/run.ts`): forgetting the void offer must be kept. */
function voided<A>(draft: Draft, task: TaskId, worker: Worker): Done<Spoken<A>> {
  draft.write({ drop: 'exclusions', task, worker: worker.id, why: 'void' });
  draft.wakeWorker(worker.id);
  return draft.refused(refuse('void_offer', `Task ${task} is not offered to this worker any more`).refusal);
}

/** Defer, reject, or the deadline has passed. Answering an offer that stands no more is no fault. */
export const decline: ProcedureOf<'decline'> = function* (input, context) {
  const found = yield* answering(input, context.by);
  if (found === null) return notOffered(input.task);
  const { task, worker } = found;
  const draft = new Draft(context).load({ workers: [worker] });
  yield* loadAround(draft, [task]);
  const refused = draft.step(task.id, { event: 'decline', session: input.session, how: input.how });
  if (refused !== null) draft.write({ drop: 'exclusions', task: task.id, worker: worker.id, why: 'void' });
  draft.wakeWorker(worker.id);
  return yield* finish(draft, () => ({ task: draft.task(task.id) }));
};

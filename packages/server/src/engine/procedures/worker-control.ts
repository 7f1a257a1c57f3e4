import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Worker } from '../../domain/worker.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { noWorker } from './rounds.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';
import { dropIfForgotten, moveWorker, ownedBy, refusedMove } from './worker-rows.ts';

/** Jobs that are asked again when a worker is forgotten. Beyond that they wait for `noCandidateMs`. */
const mostTroubled = 1_000;

function* withWorker(
  id: number,
  context: ProcedureContext,
  act: (draft: Draft, worker: Worker) => { refusal: Refusal } | null,
): Reading<ProcedureResult<{ done: true }>> {
  const { worker } = yield* read({ worker: { read: 'worker', of: id } });
  if (!ownedBy(worker, context.by)) return noWorker(id);
  const draft = new Draft(context).load({ workers: [worker] });
  return act(draft, worker) ?? draft.done({ done: true } as const);
}

/** Somebody's wish: passed on to the worker, kept until it is fulfilled. */
export const wish: ProcedureOf<'wish'> = function* ({ worker: id, mode, lazy }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    const moved = moveWorker(draft, id, { event: 'wish', wish: { mode, lazy } });
    return typeof moved === 'string' ? refusedMove(moved, worker, mode) : null;
  });
};

export const approve: ProcedureOf<'approve'> = function* ({ worker: id }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    const moved = moveWorker(draft, id, { event: 'approve' });
    return typeof moved === 'string' ? refusedMove(moved, worker, 'approving') : null;
  });
};

export const gate: ProcedureOf<'gate'> = function* ({ worker: id, event }, context) {
  return yield* withWorker(id, context, (draft, { name }) =>
    draft.moveGate(id, event)
      ? null
      : refuse('wrong_state', `${name} has something under way: say that it is clear when that is over`),
  );
};

/** Whoever waits for these may go on. */
export const setTags: ProcedureOf<'setTags'> = function* ({ worker: id, tags }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    draft.putWorker({ ...worker, tags: [...new Set(tags)].sort() });
    draft.workerChanged(id);
    draft.wakeWorker(id);
    return null;
  });
};

export const tell: ProcedureOf<'tell'> = function* ({ worker: id, message }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    if (worker.status !== 'online' && worker.status !== 'starting')
      return refuse('worker_unavailable', `${worker.name} is ${worker.status}; nobody would hear it`);
    draft.tell(id, worker.session, { tell: 'message', message });
    return null;
  });
};

/** The row goes. One that holds tasks is refused unless forced: then they are lost first. */
export const forget: ProcedureOf<'forget'> = function* ({ worker: id, force }, context) {
  const { worker, troubled } = yield* read({
    worker: { read: 'worker', of: id },
    troubled: { read: 'troubledJobs', of: { limit: mostTroubled } },
  });
  if (!ownedBy(worker, context.by)) return noWorker(id);
  const draft = new Draft(context).load({ workers: [worker] });
  const { name, session, holding, profile } = worker;
  if (holding > 0 && !force) return refuse('wrong_state', `${name} holds ${holding} tasks; ask with force to lose them`);
  draft.tell(id, session, { tell: 'close', why: 'this worker was forgotten' });
  draft.putWorker({ ...worker, status: 'offline', profile: { ...profile, ephemeral: true } });
  if (holding > 0) draft.sweep({ kind: 'lose', worker: id, session, after: 0 });
  dropIfForgotten(draft, id);
  // It was perhaps the last one left for something: they are asked again, after what it held has gone back.
  for (const job of troubled) draft.sweep({ kind: 'recheck', job, class: null, after: 0 });
  return draft.done({ done: true } as const);
};

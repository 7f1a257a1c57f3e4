import type { ClassId } from '../../domain/ids.ts';
import { type ClassSpec, classKey } from '../../domain/needs.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { isRunningLike } from '../../domain/task.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { finish, loadAround, noJob, noWorker, seesJob } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { ProcedureOf } from './types.ts';
import { ownedBy } from './worker-rows.ts';

/**
 * From now on this worker gets no task of this kind of this job: the job moves into classes of its own. With `requeue` what
 * the worker runs of it is stopped and goes back to the queue.
 */
export const block: ProcedureOf<'block'> = function* (input, context) {
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    job: { read: 'job', of: input.job },
    classes: { read: 'classesOfJob', of: input.job },
    held: { read: 'heldBy', of: { worker: input.worker, session: null, after: 0, limit: pageRows } },
  });
  const { worker, job } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  if (job === null || !seesJob(context.by, job)) return noJob(input.job);
  const shared = got.classes.filter(({ spec }) => spec.blockJob === null);
  const own = shared.map(({ spec }): ClassSpec => ({ ...spec, blockJob: job.id }));
  const { interned } = yield* read({ interned: { read: 'classOf', of: own } });
  const draft = new Draft(context).load({ workers: [worker], jobs: [job] });
  draft.write({ put: 'block', row: { job: job.id, worker: worker.id, kind: input.kind, at: context.now } });
  const mine = got.held.filter((task) => task.job === job.id && task.kind === input.kind);
  // What it was only offered goes back in any case.
  const back = mine.filter(({ state }) => input.requeue || !isRunningLike(state));
  yield* loadAround(draft, back);
  for (const { id } of back) draft.step(id, { event: 'stop', goal: 'requeue', reason: 'user', kill: true });
  if (shared.length > 0) draft.sweep({ kind: 'reclass', job: job.id, after: 0, classes: pairs(shared, interned, job.id) });
  return yield* finish(draft, () => ({ done: true }) as const, false);
};

function pairs(shared: readonly InternedClass[], own: readonly InternedClass[], blockJob: number): [ClassId, ClassId][] {
  const byKey = new Map(own.map(({ id, spec }) => [classKey(spec), id]));
  return shared.map(({ id, spec }) => [id, byKey.get(classKey({ ...spec, blockJob })) ?? id]);
}

export const forgive: ProcedureOf<'forgive'> = function* (input, context) {
  const { worker: id, job, kind } = input;
  const got = yield* read({ worker: id === null ? undefined : { read: 'worker', of: id } });
  if (id !== null && !ownedBy(got.worker ?? null, context.by)) return noWorker(id);
  const draft = new Draft(context);
  draft.write({ drop: 'blocks', job, worker: id, kind });
  draft.wakeClass(0);
  return draft.done({ done: true } as const);
};

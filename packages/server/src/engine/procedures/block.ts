import { isRunningLike } from '../../domain/task.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { finish, loadAround, noJob, noWorker, seesJob } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { ProcedureOf } from './types.ts';
import { ownedBy } from './worker-rows.ts';

/**
 * From now on this worker gets no task of this kind of this job. With `requeue` what the worker runs of it is stopped and goes
 * back to the queue.
 */
export const block: ProcedureOf<'block'> = function* (input, context) {
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    job: { read: 'job', of: input.job },
    held: { read: 'heldBy', of: { worker: input.worker, session: null, after: 0, limit: pageRows } },
  });
  const { worker, job } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  if (job === null || !seesJob(context.by, job)) return noJob(input.job);
  const draft = new Draft(context).load({ workers: [worker], jobs: [job] });
  const mine = got.held.filter((task) => task.job === job.id && task.kind === input.kind);
  // What it was only offered goes back in any case.
  const back = mine.filter(({ state }) => input.requeue || !isRunningLike(state));
  yield* loadAround(draft, back);
  draft.block({ job: job.id, worker: worker.id, kind: input.kind, at: context.now, until: input.until ?? null }, 0);
  for (const { id } of back) draft.step(id, { event: 'stop', goal: 'requeue', reason: 'user', kill: true });
  return yield* finish(draft, () => ({ done: true }) as const, false);
};

/** Blocks end, and the failures that led to them are forgotten. Null: whatever it is. */
export const forgive: ProcedureOf<'forgive'> = function* (input, context) {
  const { worker: id, job: of, kind } = input;
  const got = yield* read({
    worker: id === null ? undefined : { read: 'worker', of: id },
    job: of === null ? undefined : { read: 'job', of },
  });
  const { worker = null, job = null } = got;
  if (id !== null && !ownedBy(worker, context.by)) return noWorker(id);
  if (of !== null && (job === null || !seesJob(context.by, job))) return noJob(of);
  const draft = new Draft(context);
  draft.write({ drop: 'blocks', job: of, worker: id, kind }, { drop: 'faults', job: of, worker: id, kind });
  const subject = { ...(job === null ? {} : { job }), ...(id === null ? {} : { worker: id }) };
  draft.change('worker.forgiven', subject, { kind });
  draft.wakeClass(0);
  return draft.done({ done: true } as const);
};

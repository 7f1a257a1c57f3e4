import { refuse } from '../../domain/errors.ts';
import { isFinal, type Job } from '../../domain/job.ts';
import type { SweepWork } from '../../domain/rows.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import type { Moved } from '../commands.ts';
import { Draft } from './draft.ts';
import { finish, noJob, seesJob } from './rounds.ts';
import { sweepPage } from './sweep-page.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';

/**
 * Bulk moves: the intent changes at once (claims obey it), the first page of tasks moves in the same transaction, the rest
 * by a sweep. A job of few tasks is therefore done when the answer comes.
 */
function* bulk(
  id: number,
  context: ProcedureContext,
  intend: (job: Job) => Job | ReturnType<typeof refuse>,
  work: SweepWork,
  drops: readonly string[],
): Reading<ProcedureResult<Moved>> {
  const { job } = yield* read({ job: { read: 'job', of: id } });
  if (job === null || !seesJob(context.by, job)) return noJob(id);
  const intended = intend(job);
  if ('refusal' in intended) return intended;
  const draft = new Draft(context).load({ jobs: [job] });
  draft.putJob(intended);
  for (const kind of drops) draft.write({ drop: 'sweep', key: `${kind} ${id}` });
  const page = yield* sweepPage(draft, work);
  return yield* finish(draft, () => ({ job: draft.job(id), moved: page.moved, sweeping: page.more }), false);
}

export const cancel: ProcedureOf<'cancel'> = function* ({ job, kill }, context) {
  const intend = (row: Job) =>
    isFinal(row.state) ? refuse('wrong_state', `Job ${row.id} is ${row.state} already`) : { ...row, intent: 'cancel' as const };
  return yield* bulk(job, context, intend, { kind: 'stop', job, kill, after: 0 }, ['hold', 'release', 'retry']);
};

export const hold: ProcedureOf<'hold'> = function* ({ job }, context) {
  const intend = (row: Job) =>
    isFinal(row.state) || row.intent === 'cancel'
      ? refuse('wrong_state', `Job ${row.id} is ${row.state}; there is nothing to hold`)
      : { ...row, intent: 'hold' as const };
  return yield* bulk(job, context, intend, { kind: 'hold', job, after: 0 }, ['release']);
};

export const release: ProcedureOf<'release'> = function* ({ job }, context) {
  const intend = (row: Job) =>
    row.intent === 'hold' || row.intent === 'none'
      ? { ...row, intent: 'none' as const }
      : refuse('wrong_state', `Job ${row.id} is ${row.state}; it is not held`);
  return yield* bulk(job, context, intend, { kind: 'release', job, after: 0 }, ['hold']);
};

export const retry: ProcedureOf<'retry'> = function* ({ job }, context) {
  const intend = (row: Job) =>
    row.counts.failed + row.counts.canceled === 0
      ? refuse('wrong_state', `Job ${row.id} has no failed or canceled task to try again`)
      : { ...row, intent: row.intent === 'cancel' ? ('none' as const) : row.intent };
  return yield* bulk(job, context, intend, { kind: 'retry', job, after: 0 }, ['stop']);
};

export const setPriority: ProcedureOf<'setPriority'> = function* ({ job, priority }, context) {
  const intend = (row: Job) => ({ ...row, priority });
  return yield* bulk(job, context, intend, { kind: 'priority', job, priority, after: 0 }, []);
};

/** Hidden from now on; what runs is stopped, and when nothing is alive the rows go. */
const deleteJob: ProcedureOf<'delete'> = function* ({ job }, context) {
  const intend = (row: Job) => ({ ...row, intent: 'delete' as const });
  const { row } = yield* read({ row: { read: 'job', of: job } });
  if (row === null || !seesJob(context.by, row)) return noJob(job);
  if (isFinal(row.state)) {
    const draft = new Draft(context).load({ jobs: [row] });
    draft.putJob(intend(row));
    draft.change('job.deleted', { job: row }, { name: row.name });
    draft.sweep({ kind: 'purge', job });
    draft.closeJobs();
    return draft.done({ job: draft.job(job), moved: 0, sweeping: true });
  }
  const draft = new Draft(context).load({ jobs: [row] });
  draft.putJob(intend(row));
  draft.change('job.deleted', { job: row }, { name: row.name });
  for (const kind of ['hold', 'release', 'retry']) draft.write({ drop: 'sweep', key: `${kind} ${job}` });
  draft.sweep({ kind: 'stop', job, kill: true, after: 0 });
  draft.closeJobs();
  return draft.done({ job: draft.job(job), moved: 0, sweeping: true });
};

export { deleteJob };

/** Deletes ended jobs; what is still dying stays. */
export const clean: ProcedureOf<'clean'> = function* (input, context) {
  const { states, kinds, oneTask, endedBefore, limit } = input;
  const { jobs } = yield* read({
    jobs: { read: 'endedJobs', of: { states, kinds, oneTask, endedBefore, limit: Math.min(limit, 500) } },
  });
  const draft = new Draft(context).load({ jobs });
  const mine = jobs.filter((job) => seesJob(context.by, job) && isFinal(job.state));
  for (const job of mine) {
    draft.putJob({ ...job, intent: 'delete' });
    draft.change('job.deleted', { job }, { name: job.name });
    draft.sweep({ kind: 'purge', job: job.id });
  }
  draft.closeJobs();
  return draft.done({ deleted: mine.map(({ id }) => id), more: jobs.length >= Math.min(limit, 500) && mine.length > 0 });
};

import { type Refusal, refuse } from '../../domain/errors.ts';
import { isFinal, type Job } from '../../domain/job.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import type { Moved } from '../commands.ts';
import { Draft } from './draft.ts';
import { lostParent, waitedFor } from './lost-parents.ts';
import { finish, loadAround, noJob, seesJob } from './rounds.ts';
import { type JobWork, movePage, readPage, sweepPage } from './sweep-page.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';

type Intended = Job | { refusal: Refusal };
type Sweeping = 'stop' | 'hold' | 'release' | 'retry' | 'priority';

/** What another wish for the whole job takes the place of: its sweeps are not gone on with. */
export function dropSweeps(draft: Draft, job: number, kinds: readonly Sweeping[]): void {
  for (const kind of kinds) draft.write({ drop: 'sweep', key: `${kind} ${job}` });
}

/**
 * Bulk moves: the intent changes at once (claims obey it), the first page of tasks moves in the same transaction, the rest
 * by a sweep. A job of few tasks is therefore done when the answer comes.
 */
function* bulk(
  id: number,
  context: ProcedureContext,
  intend: (job: Job) => Intended,
  work: JobWork,
  drops: readonly Sweeping[],
): Reading<ProcedureResult<Moved>> {
  const { job } = yield* read({ job: { read: 'job', of: id } });
  if (job === null || !seesJob(context.by, job)) return noJob(id);
  const intended = intend(job);
  if ('refusal' in intended) return intended;
  const draft = new Draft(context).load({ jobs: [job] });
  draft.putJob(intended);
  dropSweeps(draft, id, drops);
  const page = yield* sweepPage(draft, work);
  // Something may have stood ready all the while, kept back by the intent alone.
  if (job.intent !== 'none' && intended.intent === 'none') draft.wakeClass(0);
  return yield* finish(draft, () => ({ job: draft.job(id), moved: page.moved, sweeping: page.more }), false);
}

export const cancel: ProcedureOf<'cancel'> = function* ({ job, kill }, context) {
  const intend = (row: Job): Intended =>
    isFinal(row.state) ? refuse('wrong_state', `Job ${row.id} is ${row.state} already`) : { ...row, intent: 'cancel' };
  return yield* bulk(job, context, intend, { kind: 'stop', job, kill, after: 0 }, ['hold', 'release', 'retry']);
};

export const hold: ProcedureOf<'hold'> = function* ({ job }, context) {
  const intend = (row: Job): Intended => {
    if (row.intent === 'building') return refuse('wrong_state', `Job ${row.id} is still being taken in`);
    return isFinal(row.state) || row.intent === 'cancel'
      ? refuse('wrong_state', `Job ${row.id} is ${row.state}; there is nothing to hold`)
      : { ...row, intent: 'hold' };
  };
  return yield* bulk(job, context, intend, { kind: 'hold', job, after: 0 }, ['release']);
};

export const release: ProcedureOf<'release'> = function* ({ job }, context) {
  const intend = (row: Job): Intended =>
    row.intent === 'hold' || row.intent === 'none'
      ? { ...row, intent: 'none' }
      : refuse('wrong_state', `Job ${row.id} is ${row.state}; it is not held`);
  return yield* bulk(job, context, intend, { kind: 'release', job, after: 0 }, ['hold']);
};

export const setPriority: ProcedureOf<'setPriority'> = function* ({ job, priority }, context) {
  const intend = (row: Job): Intended => ({ ...row, priority });
  return yield* bulk(job, context, intend, { kind: 'priority', job, priority, after: 0 }, []);
};

/** Who tries a job again after its deadline wants it all the same. */
export function stillAhead({ deadline }: Job, now: number): number | null {
  return deadline !== null && deadline > now ? deadline : null;
}

/** Everything that failed or was canceled, once more; a cancel of the whole job is taken back by it. */
export const retry: ProcedureOf<'retry'> = function* ({ job: id }, context) {
  const { job } = yield* read({ job: { read: 'job', of: id } });
  if (job === null || !seesJob(context.by, job)) return noJob(id);
  if (job.counts.failed + job.counts.canceled === 0)
    return refuse('wrong_state', `Job ${id} has no failed or canceled task to try again`);
  const work = { kind: 'retry', job: id, after: 0 } as const;
  // Jobs are waited for by every root alike, and the first task is one.
  const { page, also } = yield* readPage(work, {
    ofTask: { read: 'parentsOf', of: { kind: 'task', child: job.firstTask } },
    ofArray: { read: 'parentsOf', of: { kind: 'array', child: job.firstTask } },
  });
  const edges = [...also.ofTask, ...also.ofArray];
  const draft = new Draft(context).load({ jobs: [job] });
  const { parents } = yield* loadAround(draft, page.tasks, page.arrays, [], {
    parents: { read: 'jobs', of: waitedFor(edges, 'job') },
  });
  const first = [...page.tasks, ...page.arrays].find((row) => row.id === job.firstTask);
  const wrong = lostParent(`Job ${id}`, edges, first?.parentsLeft ?? 0, { tasks: [], arrays: [], jobs: parents });
  if (wrong !== null) return wrong;
  draft.putJob({ ...job, intent: job.intent === 'cancel' ? 'none' : job.intent, deadline: stillAhead(job, context.now) });
  dropSweeps(draft, id, ['stop']);
  if (job.intent === 'cancel') draft.wakeClass(0);
  // Tried again, everybody begins with a clean sheet; who is blocked stays so until forgiven.
  draft.write({ drop: 'faults', job: id, worker: null, kind: null });
  const { moved, more } = movePage(draft, work, page);
  return yield* finish(draft, () => ({ job: draft.job(id), moved, sweeping: more }), false);
};

/** Hidden from now on; what runs is stopped, and when nothing is alive the rows go. */
export const deleteJob: ProcedureOf<'delete'> = function* ({ job: id }, context) {
  const { job } = yield* read({ job: { read: 'job', of: id } });
  if (job === null || !seesJob(context.by, job)) return noJob(id);
  const draft = new Draft(context).load({ jobs: [job] });
  markDeleted(draft, job);
  dropSweeps(draft, id, ['hold', 'release', 'retry', 'priority']);
  if (!isFinal(job.state)) draft.sweep({ kind: 'stop', job: id, kill: true, after: 0 });
  return yield* finish(draft, () => ({ job: draft.job(id), moved: 0, sweeping: true }), false);
};

/** From now on no door shows it. What has ended goes at once, anything else when its last task has ended. */
export function markDeleted(draft: Draft, job: Job): void {
  draft.putJob({ ...job, intent: 'delete' });
  draft.change('job.deleted', { job }, { name: job.name });
  if (isFinal(job.state)) draft.purge(job.id);
}

const mostCleaned = 500;

/** Deletes ended jobs; what is still dying stays. */
export const clean: ProcedureOf<'clean'> = function* (input, context) {
  const { states, kinds, oneTask, endedBefore } = input;
  const { by } = context;
  const limit = Math.min(input.limit, mostCleaned);
  const owner = by.scope === 'own' ? by.id : null;
  const { jobs } = yield* read({ jobs: { read: 'endedJobs', of: { states, kinds, oneTask, endedBefore, owner, limit } } });
  const draft = new Draft(context).load({ jobs });
  for (const job of jobs) markDeleted(draft, job);
  draft.closeJobs();
  return draft.done({ deleted: jobs.map(({ id }) => id), more: jobs.length === limit });
};

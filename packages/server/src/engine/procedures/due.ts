import type { Job } from '../../domain/job.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { dropSweeps } from './job-control.ts';
import { finish, loadAround } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

/** Of each sort, so that what they write stays below the store's 2,000 rows. */
const page = 200;

/** It has not ended by its deadline: canceled, whatever it runs. */
function overdue(draft: Draft, { id }: Job): void {
  draft.putJob({ ...draft.job(id), intent: 'cancel' });
  dropSweeps(draft, id, ['hold', 'release', 'retry']);
  draft.sweep({ kind: 'stop', job: id, kill: true, after: 0, reason: 'deadline' });
}

/** What has become due: start times and back-offs, offers that nobody answered, jobs past their deadline. */
export const due: ProcedureOf<'due'> = function* ({ limit }, context) {
  const most = Math.min(limit, page);
  const got = yield* read({ due: { read: 'due', of: { now: context.now, limit: most } } });
  const { tasks, arrays, offers, jobs } = got.due;
  const draft = new Draft(context);
  draft.write({ drop: 'blocksOver', now: context.now });
  draft.load({ jobs });
  yield* loadAround(draft, [...tasks, ...offers], arrays);
  for (const { id } of tasks) draft.step(id, { event: 'due' });
  for (const { id } of arrays) draft.stepRest(id, { event: 'due' });
  for (const { id, state } of offers) {
    if (state.state === 'offered') draft.step(id, { event: 'decline', session: state.session, how: 'expire' });
  }
  for (const job of jobs) overdue(draft, job);
  const moved = tasks.length + arrays.length + offers.length + jobs.length;
  const more = Math.max(tasks.length, arrays.length, offers.length, jobs.length) === most;
  return yield* finish(draft, () => ({ moved, more }), false);
};

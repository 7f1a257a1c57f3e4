import { isHopeless } from '../../domain/candidates.ts';
import type { SweepWork } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { read } from '../../ports/store.ts';
import { candidateReads, takeCandidates } from './candidates.ts';
import type { Draft } from './draft.ts';
import { loadAround } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { Reading } from './types.ts';

type Work = SweepWork & { kind: 'recheck' };

/** Asks again for every task of a job that nobody holds whether somebody is left for it. */
export function* recheck(draft: Draft, key: string, work: Work): Reading<number> {
  const got = yield* read({
    tasks: {
      read: 'tasksOf',
      of: { job: work.job, after: work.after, states: ['waiting', 'ready', 'offered'], limit: pageRows },
    },
    arrays: { read: 'arraysOf', of: work.job },
  });
  const arrays = work.after === 0 ? got.arrays : [];
  const also = candidateReads([...got.tasks, ...arrays], draft.now);
  const facts = yield* loadAround(draft, got.tasks, arrays, [], also);
  takeCandidates(draft.candidates, facts);
  for (const task of got.tasks) recheckTask(draft, task, work.class);
  for (const array of arrays) recheckRest(draft, array, work.class);
  const last = got.tasks.at(-1);
  if (got.tasks.length === pageRows && last !== undefined) draft.sweep({ ...work, after: last.id });
  else draft.write({ drop: 'sweep', key });
  return got.tasks.length;
}

/** Nobody is left for it: it fails. With `of` it is enough that nobody is present, and only tasks of that class are meant. */
export function recheckTask(draft: Draft, given: Task, of: number | null): boolean {
  const { id, job, kind } = given;
  const blocked = draft.candidates.blockedIn(job, kind);
  if (given.state.state === 'offered') {
    if (!blocked.has(given.state.worker)) return false;
    // Shown to somebody who was blocked meanwhile.
    draft.step(id, { event: 'stop', goal: 'requeue', reason: 'user', kill: false });
  }
  const task = draft.task(id);
  if (of !== null && task.class !== of) return false;
  if (task.policy.on !== 'distinct') return false;
  const left = draft.candidates.left(task, draft.class(task.class).spec, { present: of !== null });
  if (!isHopeless(task, blocked.size > 0, left)) return false;
  return draft.step(id, { event: 'stop', goal: 'failed', reason: 'no-candidate', kill: false }) === null;
}

/** The unclaimed rest of an array cannot fail: it is canceled with the same words. */
function recheckRest(draft: Draft, array: TaskArray, of: number | null): void {
  const { id, rest: state, policy, job, kind } = array;
  if (policy.on !== 'distinct' || (of !== null && array.class !== of)) return;
  const left = draft.candidates.left(array, draft.class(array.class).spec, { present: of !== null });
  if (!isHopeless({ state, failures: 0, policy }, draft.candidates.blockedIn(job, kind).size > 0, left)) return;
  draft.stepRest(id, { event: 'stop', goal: 'canceled', reason: 'no-candidate', kill: false });
}

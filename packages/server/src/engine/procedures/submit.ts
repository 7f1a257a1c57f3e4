import { noCounts } from '../../domain/counts.ts';
import type { BodyId, TaskId } from '../../domain/ids.ts';
import { type Job, jobState } from '../../domain/job.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import type { Assignment, InputOf } from '../commands.ts';
import { checkDeadline, checkParents, checkPools, checkSources, forbiddenKind, sourcesOf } from './check-plan.ts';
import { Draft } from './draft.ts';
import { insertTasks } from './insert-tasks.ts';
import { boundsOf, placeTasks, specsOf } from './place.ts';
import { replay } from './replay.ts';
import { startOn } from './start-on.ts';
import type { ProcedureOf } from './types.ts';

/** Takes a job in: one transaction for the job, its tasks, bodies and edges. */
export const submit: ProcedureOf<'submit'> = function* (input, context) {
  const { plan, key, building } = input;
  const { tasks } = plan;
  const forbidden = forbiddenKind(tasks, context.by);
  if (forbidden) return forbidden;
  const bounds = boundsOf(plan, context.by.id, input.fair ?? null);
  const sources = sourcesOf(tasks);
  const bodies = tasks.filter(({ body }) => body !== null).length + 1;
  const first = yield* read({
    known: key === null ? undefined : { read: 'idempotent', of: { owner: context.by.id, key } },
    classes: { read: 'classOf', of: specsOf(tasks, bounds) },
    pools: { read: 'allPools', of: null },
    parents: { read: 'jobs', of: [...plan.after, ...(plan.afterAny ?? [])] },
    sources: sources.length === 0 ? undefined : { read: 'tasks', of: sources },
    worker: plan.startOn === null ? undefined : { read: 'worker', of: plan.startOn },
    job: { read: 'fresh', of: { of: 'job', n: 1 } },
    task: { read: 'fresh', of: { of: 'task', n: input.ids } },
    body: { read: 'fresh', of: { of: 'body', n: bodies } },
  });
  if (first.known) return yield* replay(first.known, input.hash, context.by);
  const { pools, classes, parents, worker = null } = first;
  const wrong =
    checkPools(tasks, pools) ??
    checkParents([...plan.after, ...(plan.afterAny ?? [])], parents, context.by) ??
    checkDeadline(plan, context.now);
  if (wrong) return wrong;
  const {
    tallies,
    owners = [],
    shares,
    rates,
  } = yield* read({
    shares: plan.startOn === null ? undefined : { read: 'shares', of: { classes: classes.map(({ id }) => id) } },
    rates: plan.startOn === null ? undefined : { read: 'rates', of: { classes: classes.map(({ id }) => id) } },
    tallies: { read: 'tallies', of: [...new Set(tasks.map(({ kind }) => kind))] },
    owners: first.sources && { read: 'jobs', of: first.sources.map(({ job }) => job) },
  });
  const foreign = checkSources(sources, first.sources ?? [], owners, context.by);
  if (foreign) return foreign;
  const draft = new Draft(context).load({ tallies, pools, classes, workers: [worker], shares, rates });
  const job = newJob(input, context, first.job, first.task, first.body);
  draft.write({ put: 'body', row: { id: first.body, json: plan.spec } });
  const placed = placeTasks(tasks, first.task);
  draft.putJob(job, true);
  const { hold, notBefore } = plan;
  insertTasks(draft, job, placed, {
    body: first.body + 1,
    hold,
    notBefore,
    after: parents,
    afterAny: plan.afterAny ?? [],
    classes,
    bounds,
  });
  if (job.deadline !== null) draft.dueAt(job.deadline);
  // A job that is not whole yet must not answer for its key: `built` writes it.
  if (key !== null && !building) {
    draft.write({ put: 'idempotent', owner: context.by.id, key, hash: input.hash, job: job.id, at: context.now });
  }
  let started: Assignment | null = null;
  if (plan.startOn !== null) {
    const begun = startOn(draft, plan, placed, worker);
    if ('refusal' in begun) return begun;
    started = begun.assignment;
  }
  draft.closeJobs();
  const row = draft.job(job.id);
  const { name, kind, state, priority, counts } = row;
  draft.change('job.created', { job: row }, { name, kind, state, priority, counts });
  return draft.done({ job: row, taskIds: placed.map(({ id }) => id), replayed: false, started });
};

function newJob(
  { plan, building }: InputOf<'submit'>,
  { now, by }: ProcedureContext,
  id: number,
  firstTask: TaskId,
  spec: BodyId,
): Job {
  const { name, kind, priority, labels } = plan;
  const intent = building ? 'building' : plan.hold ? 'hold' : 'none';
  return {
    id,
    name,
    kind,
    priority,
    owner: by.id,
    labels,
    spec,
    intent,
    state: jobState(noCounts, intent, false),
    counts: noCounts,
    startedAt: null,
    createdAt: now,
    endedAt: null,
    deadline: plan.deadline ?? null,
    firstTask,
  };
}

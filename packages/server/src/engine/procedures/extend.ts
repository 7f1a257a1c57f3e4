import { refuse } from '../../domain/errors.ts';
import { read } from '../../ports/store.ts';
import { checkPools, checkSources, forbiddenKind, sourcesOf } from './check-plan.ts';
import { Draft } from './draft.ts';
import { insertTasks } from './insert-tasks.ts';
import { boundsOf, specsOf } from './place.ts';
import { finish } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

const notBuilding = (job: number) => refuse('wrong_state', `Job ${job} is not being taken in (any more)`);

/** Another part of a job that is being taken in. */
export const extend: ProcedureOf<'extend'> = function* (input, context) {
  const plans = input.tasks.map(({ plan }) => plan);
  const forbidden = forbiddenKind(plans, context.by);
  if (forbidden) return forbidden;
  const bounds = boundsOf(input, context.by.id, input.fair ?? null);
  const sources = sourcesOf(plans);
  const first = yield* read({
    sources: sources.length === 0 ? undefined : { read: 'tasks', of: sources },
    job: { read: 'job', of: input.job },
    classes: { read: 'classOf', of: specsOf(plans, bounds) },
    tallies: { read: 'tallies', of: [...new Set(plans.map(({ kind }) => kind))] },
    pools: { read: 'allPools', of: null },
    parents: { read: 'jobs', of: [...input.after, ...(input.afterAny ?? [])] },
    body: { read: 'fresh', of: { of: 'body', n: Math.max(1, plans.filter(({ body }) => body !== null).length) } },
  });
  const { job, body, classes, tallies, pools, parents } = first;
  if (job === null || job.owner !== context.by.id || job.intent !== 'building') return notBuilding(input.job);
  const { owners = [] } = yield* read({ owners: first.sources && { read: 'jobs', of: first.sources.map((task) => task.job) } });
  const wrong = checkPools(plans, pools) ?? checkSources(sources, first.sources ?? [], owners, context.by);
  if (wrong) return wrong;
  const draft = new Draft(context).load({ jobs: [job], tallies, pools, classes });
  const { hold, notBefore } = input;
  insertTasks(draft, job, input.tasks, {
    body,
    hold,
    notBefore,
    after: parents,
    afterAny: input.afterAny ?? [],
    classes,
    bounds,
  });
  draft.closeJobs();
  return draft.done({ done: true } as const);
};

/** The whole job is stored: it may run from now on, and answers for its key. */
export const built: ProcedureOf<'built'> = function* (input, context) {
  const { id: owner } = context.by;
  const { key, hash } = input;
  const { job, known } = yield* read({
    job: { read: 'job', of: input.job },
    known: key === null ? undefined : { read: 'idempotent', of: { owner, key } },
  });
  if (job === null || job.owner !== owner || job.intent !== 'building') return notBuilding(input.job);
  if (known) return refuse('conflict', `Job ${known.job} was submitted under this Idempotency-Key meanwhile`);
  const draft = new Draft(context).load({ jobs: [job] });
  draft.putJob({ ...job, intent: input.hold ? 'hold' : 'none' });
  if (key !== null) draft.write({ put: 'idempotent', owner, key, hash, job: job.id, at: context.now });
  draft.wakeClass(0);
  return yield* finish(draft, () => ({ job: draft.job(job.id) }));
};

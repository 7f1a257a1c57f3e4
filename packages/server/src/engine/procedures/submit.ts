import { moved, noCounts } from '../../domain/counts.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { BodyId, ClassId, TaskId } from '../../domain/ids.ts';
import { isFinal, type Job, jobState } from '../../domain/job.ts';
import { classKey } from '../../domain/needs.ts';
import { type InternedClass, kindPool, type Pool } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { initialTaskState } from '../../domain/task-machine.ts';
import { fitsNow, mayClaim, suits, type Worker } from '../../domain/worker.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import type { Assignment, JobPlan, PlacedTask, Submitted } from '../commands.ts';
import { assignmentOf } from './assignment.ts';
import { Draft } from './draft.ts';
import { placeTasks, specOf, specsOf } from './place.ts';
import { seesJob } from './rounds.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';

/** Takes a job in: one transaction for the job, its tasks, bodies and edges. */
export const submit: ProcedureOf<'submit'> = function* (input, context) {
  const { plan, key } = input;
  const forbidden = forbiddenKind(plan, context);
  if (forbidden) return forbidden;
  const bodies = plan.tasks.filter(({ body }) => body !== null).length + 1;
  const first = yield* read({
    known: key === null ? undefined : { read: 'idempotent', of: { owner: context.by.id, key } },
    classes: { read: 'classOf', of: specsOf(plan.tasks) },
    pools: { read: 'allPools', of: null },
    parents: { read: 'jobs', of: plan.after },
    worker: plan.startOn === null ? undefined : { read: 'worker', of: plan.startOn },
    job: { read: 'fresh', of: { of: 'job', n: 1 } },
    task: { read: 'fresh', of: { of: 'task', n: input.ids } },
    body: { read: 'fresh', of: { of: 'body', n: bodies } },
  });
  if (first.known) return yield* replay(first.known, input.hash, context);
  const wrong = checkPools(plan, first.pools) ?? checkParents(plan, first.parents, context);
  if (wrong) return wrong;
  const { tallies } = yield* read({ tallies: { read: 'tallies', of: [...new Set(plan.tasks.map(({ kind }) => kind))] } });
  const draft = new Draft(context).load({ tallies, pools: first.pools, classes: first.classes, workers: [first.worker] });
  const waitsFor = first.parents.filter((parent) => parent.state !== 'succeeded');
  const job = newJob(input, context, first.job, first.task, first.body);
  draft.write({ put: 'body', row: { id: first.body, json: plan.spec } });
  const placed = placeTasks(plan.tasks, first.task);
  draft.putJob(job, true);
  insertTasks(draft, job, placed, {
    body: first.body + 1,
    hold: plan.hold,
    notBefore: plan.notBefore,
    after: waitsFor,
    classes: first.classes,
  });
  // A parent that had ended badly already takes the new job with it, as if it ended now.
  for (const parent of waitsFor) {
    if (isFinal(parent.state)) draft.spread({ kind: 'job', id: parent.id, tell: 'parent-lost' });
  }
  if (key !== null) draft.write({ put: 'idempotent', owner: context.by.id, key, hash: input.hash, job: job.id, at: context.now });
  let started: Assignment | null = null;
  if (plan.startOn !== null) {
    const begun = startOn(draft, plan, placed, first.worker ?? null);
    if ('refusal' in begun) return begun;
    started = begun.assignment;
  }
  draft.closeJobs();
  const row = draft.job(job.id);
  draft.change(
    'job.created',
    { job: row },
    { name: row.name, kind: row.kind, state: row.state, priority: row.priority, counts: row.counts },
  );
  return draft.done({ job: row, taskIds: placed.map(({ id }) => id), replayed: false, started });
};

function forbiddenKind(plan: JobPlan, { by }: ProcedureContext): { refusal: Refusal } | null {
  if (by.kinds === null) return null;
  const kind = plan.tasks.find((task) => !by.kinds?.includes(task.kind))?.kind;
  return kind === undefined ? null : refuse('forbidden', `${by.name} may not submit tasks of kind ${kind}`);
}

function* replay(
  known: { hash: string; job: number },
  hash: string,
  { by }: ProcedureContext,
): Reading<ProcedureResult<Submitted>> {
  if (known.hash !== hash) {
    return refuse('key_reused', `This Idempotency-Key was used for job ${known.job} with another request; use a new key`);
  }
  const { job } = yield* read({ job: { read: 'job', of: known.job } });
  if (job === null || !seesJob(by, job)) return refuse('gone', `Job ${known.job} of this Idempotency-Key has been deleted`);
  return {
    answer: { answer: { job, taskIds: [job.firstTask], replayed: true, started: null }, told: [] },
    writes: [],
    changes: [],
  };
}

/** A pool that is missing or too small for ever is refused now instead of waiting for ever. */
function checkPools(plan: JobPlan, pools: readonly Pool[]): { refusal: Refusal } | null {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  for (const [i, task] of plan.tasks.entries()) {
    const at = plan.tasks.length === 1 ? '/spec/needs/pools' : `/spec/tasks/${i}/needs/pools`;
    for (const [name, amount] of Object.entries(task.pools)) {
      const pool = byName.get(name);
      if (pool === undefined)
        return refuse('unknown_pool', `There is no pool ${name}; make it with: switchyard pools set ${name} N`, at);
      if (amount > pool.total) return refuse('impossible', `${name}: ${amount} wanted, ${pool.total} exist`, at);
    }
    const implicit = byName.get(kindPool(task.kind));
    if (implicit !== undefined && task.amounts.slots > implicit.total) {
      return refuse(
        'impossible',
        `${task.amounts.slots} slots wanted, ${implicit.total} tasks of kind ${task.kind} may run at once`,
        at,
      );
    }
  }
  return null;
}

function checkParents(plan: JobPlan, parents: readonly Job[], { by }: ProcedureContext): { refusal: Refusal } | null {
  const known = new Set(parents.filter((job) => seesJob(by, job)).map(({ id }) => id));
  const missing = plan.after.find((id) => !known.has(id));
  return missing === undefined ? null : refuse('unknown_parent', `There is no job ${missing} to wait for`, '/after');
}

function newJob(
  { plan, building }: { plan: JobPlan; building: boolean },
  { now, by }: ProcedureContext,
  id: number,
  firstTask: TaskId,
  spec: BodyId,
): Job {
  const { name, kind, priority, labels } = plan;
  const intent = building ? 'building' : plan.hold ? 'hold' : 'none';
  const state = jobState(noCounts, intent, false);
  return {
    id,
    name,
    kind,
    priority,
    owner: by.id,
    labels,
    spec,
    intent,
    state,
    counts: noCounts,
    startedAt: null,
    createdAt: now,
    endedAt: null,
    firstTask,
  };
}

export interface Insertion {
  /** First free body id. */
  readonly body: BodyId;
  readonly hold: boolean;
  readonly notBefore: number | null;
  /** Jobs that the roots wait for. */
  readonly after: readonly Job[];
  readonly classes: readonly InternedClass[];
}

/** Rows, bodies and edges of tasks that have their ids. */
export function insertTasks(draft: Draft, job: Job, placed: readonly PlacedTask[], insertion: Insertion): void {
  const classIds = new Map(insertion.classes.map(({ id, spec }) => [classKey(spec), id]));
  let counts = draft.job(job.id).counts;
  let body = insertion.body;
  for (const { id, plan, parents } of placed) {
    const bodyId = plan.body === null ? job.spec : body++;
    if (plan.body !== null) draft.write({ put: 'body', row: { id: bodyId, json: plan.body } });
    const above = parents.length === 0 ? insertion.after : [];
    const parentsLeft = parents.length + above.length;
    const { hold: held, notBefore } = insertion;
    const state = initialTaskState({ held, notBefore: parents.length === 0 ? notBefore : null, parentsLeft });
    const childKind = plan.array === null ? 'task' : 'array';
    for (const { kind, id: parent } of parents) {
      draft.write({ put: 'edge', row: { parentKind: kind, parent, childKind, child: id, done: false }, fresh: true });
    }
    for (const { id: parent } of above) {
      draft.write({ put: 'edge', row: { parentKind: 'job', parent, childKind, child: id, done: false }, fresh: true });
    }
    const shared = common(draft, job, id, plan, classIds.get(classKey(specOf(plan))) ?? 0, bodyId, parentsLeft);
    const size = plan.array?.size ?? 1;
    if (plan.array === null) {
      const task: Task = {
        ...shared,
        array: null,
        index: null,
        state,
        attempt: 0,
        failures: 0,
        losses: 0,
        startedAt: null,
        endedAt: null,
      };
      draft.putTask(task, true);
    } else {
      const { first, step, items } = plan.array;
      const array: TaskArray = {
        ...shared,
        size,
        next: 0,
        holes: 0,
        rest: state,
        first,
        step,
        items: items !== null,
        succeeded: 0,
        lost: 0,
      };
      draft.putArray(array, true);
      if (items !== null) draft.write({ put: 'items', array: id, from: 0, items });
    }
    counts = moved(counts, null, state.state, size);
    draft.tallyAdded(plan.kind, state.state, size);
    if (state.state === 'ready') draft.wakeClass(shared.class);
    if (state.state === 'waiting' && state.notBefore !== null) draft.dueAt(state.notBefore);
  }
  draft.putJob({ ...draft.job(job.id), counts });
}

function common(
  draft: Draft,
  job: Job,
  id: TaskId,
  plan: PlacedTask['plan'],
  classId: ClassId,
  body: BodyId,
  parentsLeft: number,
) {
  const { key, kind, priority, policy, timeoutMs, silenceMs } = plan;
  return {
    id,
    job: job.id,
    key,
    kind,
    class: classId,
    jobPriority: job.priority,
    priority,
    body,
    parentsLeft,
    policy,
    timeoutMs,
    silenceMs,
    createdAt: draft.now,
  };
}

/** A person's word: this worker, now, or not at all. */
function startOn(
  draft: Draft,
  plan: JobPlan,
  placed: readonly PlacedTask[],
  worker: Worker | null,
): { refusal: Refusal } | { assignment: Assignment } {
  const [only, ...others] = placed;
  if (worker === null) return refuse('not_found', `There is no worker ${plan.startOn}`);
  if (only === undefined || others.length > 0 || only.plan.array !== null) {
    return refuse('invalid', 'Only a job of one task can be started on a named worker', '/startOn');
  }
  const { spec } = draft.class(draft.task(only.id).class);
  if (!suits(spec, worker)) return refuse('worker_unavailable', `${worker.name} cannot run this task`, '/startOn');
  if (!mayClaim(worker) || !fitsNow(spec, worker)) {
    const busy = worker.holding > 0 ? 'busy' : `${worker.status}, ${worker.mode}`;
    return refuse('worker_unavailable', `${worker.name} is ${busy}`, '/startOn');
  }
  const refused = draft.step(only.id, { event: 'claim', holder: { worker: worker.id, session: worker.session } });
  if (refused !== null) return refuse('worker_unavailable', 'The job waits for something else first', '/startOn');
  const body = only.plan.body ?? plan.spec;
  return { assignment: assignmentOf(draft, draft.task(only.id), { body, value: null, checkpoint: null }) };
}

/** Another part of a job that is being taken in. */
export const extend: ProcedureOf<'extend'> = function* (input, context) {
  const plans = input.tasks.map(({ plan }) => plan);
  const first = yield* read({
    job: { read: 'job', of: input.job },
    classes: { read: 'classOf', of: specsOf(plans) },
    tallies: { read: 'tallies', of: [...new Set(plans.map(({ kind }) => kind))] },
    pools: { read: 'allPools', of: null },
    parents: { read: 'jobs', of: input.after },
    body: { read: 'fresh', of: { of: 'body', n: Math.max(1, plans.filter(({ body }) => body !== null).length) } },
  });
  const { job } = first;
  if (job === null || job.intent !== 'building') return refuse('wrong_state', `Job ${input.job} is not being taken in`);
  const draft = new Draft(context).load({ jobs: [job], tallies: first.tallies, pools: first.pools, classes: first.classes });
  insertTasks(draft, job, input.tasks, {
    body: first.body,
    hold: false,
    notBefore: input.notBefore,
    after: first.parents.filter(({ state }) => state !== 'succeeded'),
    classes: first.classes,
  });
  draft.closeJobs();
  return draft.done({ done: true } as const);
};

/** The whole job is stored: it may run from now on. */
export const built: ProcedureOf<'built'> = function* (input, context) {
  const { job } = yield* read({ job: { read: 'job', of: input.job } });
  if (job === null || job.intent !== 'building') return refuse('wrong_state', `Job ${input.job} is not being taken in`);
  const draft = new Draft(context).load({ jobs: [job] });
  draft.putJob({ ...job, intent: input.hold ? 'hold' : 'none' });
  draft.closeJobs();
  if (input.hold) draft.sweep({ kind: 'hold', job: job.id, after: 0 });
  draft.wakeClass(0);
  return draft.done({ job: draft.job(job.id) });
};

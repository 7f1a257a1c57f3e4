import { keepAfterMs } from '../../domain/backfill.ts';
import { isRegistered } from '../../domain/candidates.ts';
import type { Job } from '../../domain/job.ts';
import type { Amounts } from '../../domain/needs.ts';
import { may, type Principal, reaches } from '../../domain/principal.ts';
import type { Block, Edge, Exclusion, InternedClass } from '../../domain/rows.ts';
import { leastBusyFirst, pickClasses } from '../../domain/scheduling.ts';
import { isEnded, type Task, type TaskArray } from '../../domain/task.ts';
import { virtualTask } from '../../domain/virtual-task.ts';
import {
  type Case,
  type Cause,
  type Obstacle,
  obstacleFor,
  ownCauses,
  type Parent,
  poolCauses,
  rateCauses,
  workerCauses,
} from '../../domain/why.ts';
import { mayClaim, type Worker } from '../../domain/worker.ts';
import { type Head, type ReadRequest, read } from '../../ports/store.ts';
import type { TaskWhy } from '../commands.ts';
import { restOf } from './array-rest.ts';
import { choose } from './choose.ts';
import { blockedKey, blockedKeys, depthFor, headsFor, mostAtOnce, rateHasRoom } from './claimable.ts';
import { Draft } from './draft.ts';
import { keepingFor, largeFor, type Reserved, sinceRequest } from './keeping.ts';
import { noJob, noTask, seesJob } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

/** Tasks of a job that are looked at: what keeps many back keeps these back. */
const mostTasks = 100;
/** Workers whose next tasks are worked out: who is fuller comes later. */
const mostClaims = 24;
const mostWorkers = 500;
const mostParents = 20;

/**
 * Why tasks wait, by the rules that claims obey. Nothing is written. A task without a cause is what the next claim of some worker
 * would give.
 */
export const why: ProcedureOf<'why'> = function* (input, context) {
  const first = yield* read({
    task: input.task === undefined ? undefined : { read: 'task', of: input.task },
    array: input.task === undefined ? undefined : { read: 'arrayAt', of: input.task },
    tasks:
      input.job === undefined
        ? undefined
        : { read: 'tasksOf', of: { job: input.job, after: 0, states: ['waiting', 'ready', 'offered'], limit: mostTasks } },
    arrays: input.job === undefined ? undefined : { read: 'arraysOf', of: input.job },
    workers: { read: 'allWorkers', of: null },
    classes: { read: 'liveClasses', of: null },
    pools: { read: 'allPools', of: null },
    shares: { read: 'shares', of: { classes: 'live' } },
    rates: { read: 'rates', of: { classes: 'live' } },
    reserved: { read: 'reservations', of: null },
  });
  const { task = null, array = null, tasks = [], arrays = [] } = first;
  const subjects = input.task === undefined ? subjectsOf(tasks, arrays) : oneSubject(input.task, task, array);
  const jobId = input.job ?? subjects[0]?.job;
  if (jobId === undefined) return noTask(input.task ?? 0);
  // Who is there at all; of very many the rest only counts as far away.
  const workers = leastBusyFirst(first.workers.filter((worker) => isRegistered(worker) || worker.status === 'pending')).slice(
    0,
    mostWorkers,
  );
  const second: Record<string, ReadRequest> = {};
  for (const { id, array: of, parentsLeft } of subjects) {
    second[`exclusions ${id}`] = { read: 'exclusions', of: { task: id } };
    if (parentsLeft > 0) {
      const child = of === null ? ({ kind: 'task', child: id } as const) : ({ kind: 'array', child: of } as const);
      second[`edges ${id}`] = { read: 'parentsOf', of: child };
    }
  }
  const claiming = workers.filter(mayClaim).slice(0, mostClaims);
  for (const { id } of claiming) second[`blocks ${id}`] = { read: 'blocks', of: { worker: id, now: context.now } };
  const got = (yield* read({
    ...second,
    job: { read: 'job', of: jobId },
    own: { read: 'classes', of: subjects.map((subject) => subject.class) },
    ofJob: { read: 'blocks', of: { job: jobId, now: context.now } },
  })) as unknown as Around & Record<string, never>;
  const { job } = got;
  if (job === null || !seesJob(context.by, job) || !may(context.by, 'job:read')) {
    return input.task === undefined ? noJob(jobId) : noTask(input.task);
  }
  const draft = new Draft(context).load({ jobs: [job], workers, pools: first.pools, classes: [...first.classes, ...got.own] });
  draft.load({ shares: first.shares, rates: first.rates });
  const asks = claiming.map((worker) => askFor(draft, worker, first.classes, got[`blocks ${worker.id}`] ?? []));
  const third: Record<string, ReadRequest> = {};
  for (const { worker, classes, large, depth } of asks) {
    third[`heads ${worker.id}`] = headsFor(worker, [...classes, ...large], depth, context.now);
    const since = sinceRequest(first.reserved, worker);
    if (since !== undefined) third[`since ${worker.id}`] = since;
  }
  const waited = subjects.flatMap(
    ({ id }) => (got[`edges ${id}`] as readonly Edge[] | undefined)?.filter(({ done }) => !done) ?? [],
  );
  const of = (kind: Edge['parentKind']): number[] => [
    ...new Set(waited.filter((edge) => edge.parentKind === kind).map(({ parent }) => parent)),
  ];
  const last = yield* read({
    ...third,
    parents: { read: 'tasks', of: of('task') },
    parentArrays: { read: 'arrays', of: of('array') },
    parentJobs: { read: 'jobs', of: of('job') },
  });
  const heads = last as unknown as Readonly<Record<string, readonly Head[]>>;
  const sums = last as unknown as Readonly<Record<string, Amounts | undefined>>;
  const { reserved } = first;
  const afterMs = input.keepAfterMs ?? keepAfterMs;
  const next = new Map(
    asks.map((ask) => {
      const { id } = ask.worker;
      const seen = { heads: heads[`heads ${id}`] ?? [], reserved, begunSince: sums[`since ${id}`], afterMs };
      return [id, picked(draft, ask, seen)] as const;
    }),
  );
  const named = parentsBy(last.parents, last.parentArrays, last.parentJobs, context.by);
  return draft.done({
    job,
    tasks: subjects.map((subject): TaskWhy => {
      const edges = ((got[`edges ${subject.id}`] ?? []) as readonly Edge[]).filter(({ done }) => !done);
      const one: Case = {
        state: subject.state,
        failures: subject.failures,
        intent: job.intent,
        kind: subject.kind,
        spec: draft.class(subject.class).spec,
        parents: edges.slice(0, mostParents).map(named),
        exclusions: (got[`exclusions ${subject.id}`] ?? []) as readonly Exclusion[],
        blocks: got.ofJob,
      };
      return {
        task: subject.id,
        state: subject.state.state,
        stands: subject.stands,
        causes: causesOf(draft, subject, one, workers, next),
      };
    }),
  });
};

interface Around {
  readonly job: Job | null;
  readonly own: readonly InternedClass[];
  readonly ofJob: readonly Block[];
}

/** A task, or the rest of an array by its next index. `stands`: for how many tasks. */
type Subject = Task & { readonly stands: number };

function subjectsOf(tasks: readonly Task[], arrays: readonly TaskArray[]): Subject[] {
  const rests = arrays.filter((array) => restOf(array) > 0 && array.rest.state !== 'canceled');
  return [
    ...tasks.map((task) => ({ ...task, stands: 1 })),
    ...rests.map((array) => ({ ...virtualTask(array, array.next), stands: restOf(array) })),
  ];
}

function oneSubject(id: number, task: Task | null, array: TaskArray | null): Subject[] {
  const row = task ?? (array === null ? null : virtualTask(array, id - array.id));
  return row === null ? [] : [{ ...row, stands: 1 }];
}

interface Ask {
  readonly worker: Worker;
  readonly classes: readonly InternedClass[];
  /** Too large at present. */
  readonly large: readonly InternedClass[];
  readonly depth: number;
  readonly blocked: ReadonlySet<string>;
}

/** What a claim of this worker would look at. */
function askFor(draft: Draft, worker: Worker, live: readonly InternedClass[], blocks: readonly Block[]): Ask {
  const blocked = blockedKeys(blocks);
  const open = live.filter(({ spec }) => !blocked.has(blockedKey(spec.blockJob, spec.kind)));
  const classes = pickClasses(worker, open, draft.pools).filter(({ spec }) => rateHasRoom(spec, draft));
  const large = largeFor(draft, worker, open);
  return { worker, classes, large, depth: depthFor(mostAtOnce, classes.length + large.length), blocked };
}

interface Next {
  /** What it would be given. */
  readonly ids: ReadonlySet<number>;
  /** The task that it is kept for. */
  readonly kept: number | null;
}

function picked(
  draft: Draft,
  { worker, classes, large, depth, blocked }: Ask,
  seen: { heads: readonly Head[]; reserved: readonly Reserved[]; begunSince: Amounts | undefined; afterMs: number },
): Next {
  const keeping = keepingFor(draft, worker, { ...seen, large });
  const tooLarge = new Set(large.map(({ id }) => id));
  const heads = seen.heads.filter((head) => !tooLarge.has(head.class));
  const { picks } = choose(draft, worker, { heads, classes, max: mostAtOnce, depth, blocked, mode: 'run', keeping });
  const ids = new Set(picks.map((pick) => ('task' in pick ? pick.task.id : pick.array + pick.index)));
  return { ids, kept: keeping.row?.task ?? null };
}

function causesOf(
  draft: Draft,
  { id, state }: Subject,
  one: Case,
  workers: readonly Worker[],
  next: ReadonlyMap<number, Next>,
): Cause[] {
  if (isEnded(state) || (state.state !== 'waiting' && state.state !== 'ready' && state.state !== 'offered')) return [];
  const own = ownCauses(one, { workers });
  if (state.state === 'offered') return own;
  // What waits stands in no queue yet: that somebody has no room now, or a pool, is not what keeps it.
  const waits = own.length > 0;
  const pools = [...poolCauses(one.spec, draft.pools), ...rateCauses(one.spec, draft.rates, draft.now)].filter(
    (cause) => !waits || (cause.code === 'pool' && cause.total === null),
  );
  const found: { worker: Worker; obstacle: Obstacle }[] = [];
  for (const worker of workers) {
    const obstacle = obstacleFor(worker, one, draft.now);
    const could = obstacle === null || (waits && obstacle.code === 'busy');
    const { ids, kept = null } = next.get(worker.id) ?? {};
    if (could && (waits || pools.length > 0 || ids?.has(id))) return [...own, ...pools];
    const last: Obstacle = kept === null || kept === id ? { code: 'behind' } : { code: 'kept', task: kept };
    found.push({ worker, obstacle: obstacle ?? last });
  }
  return [...own, ...pools, ...workerCauses(found)];
}

/** How the parents of an edge are called; of foreign jobs nothing but the number. */
function parentsBy(tasks: readonly Task[], arrays: readonly TaskArray[], jobs: readonly Job[], by: Principal) {
  const rows = new Map<string, Parent>();
  for (const { id, key, state } of tasks) rows.set(`task ${id}`, { kind: 'task', id, name: key, state: state.state });
  for (const array of arrays) {
    const { id, key, succeeded, size, lost } = array;
    const state = lost > 0 ? 'failed' : `at ${succeeded} of ${size}`;
    rows.set(`array ${id}`, { kind: 'array', id, name: key, state });
  }
  for (const job of jobs) {
    const name = reaches(by, job.owner) ? job.name : null;
    rows.set(`job ${job.id}`, { kind: 'job', id: job.id, name, state: job.intent === 'delete' ? null : job.state });
  }
  return ({ parentKind: kind, parent: id }: Edge): Parent => rows.get(`${kind} ${id}`) ?? { kind, id, name: null, state: null };
}

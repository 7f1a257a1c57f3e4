import type { Attempt } from '../../domain/attempt.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { AttemptNumber, TaskId } from '../../domain/ids.ts';
import { type Principal, reaches } from '../../domain/principal.ts';
import { taskRefusalCodes, taskRefusalText } from '../../domain/reasons.ts';
import { isAlive, type Task, type TaskArray } from '../../domain/task.ts';
import type { TaskRefusal } from '../../domain/task-machine.ts';
import { type ReadRequest, type ReadSet, type ResultsOf, read } from '../../ports/store.ts';
import { candidateReads, takeCandidates } from './candidates.ts';
import type { Draft } from './draft.ts';
import type { ProcedureResult, Reading } from './types.ts';

/** Round one of most commands: the row, or the array that the id lies in. */
export function* readTask(id: TaskId): Reading<{ task: Task | null; array: TaskArray | null }> {
  return yield* read({ task: { read: 'task', of: id }, array: { read: 'arrayAt', of: id } });
}

const unique = <T>(values: readonly (T | null | undefined)[]): T[] => [
  ...new Set(values.filter((value): value is T => value !== null && value !== undefined)),
];

/** Round two: everything that moving these tasks may touch. `also` is read in the same round and handed back. */
export function* loadAround<const S extends ReadSet = Record<never, never>>(
  draft: Draft,
  tasks: readonly Task[],
  arrays: readonly TaskArray[] = [],
  more: readonly { task: TaskId; number: AttemptNumber }[] = [],
  also?: S,
): Reading<ResultsOf<S>> {
  const all = [...tasks, ...arrays];
  const held = tasks.filter((task) => isAlive(task.state));
  const attempts = [
    ...tasks.filter((task) => task.attempt > 0).map((task) => ({ task: task.id, number: task.attempt })),
    ...more,
  ];
  const set = {
    jobs: { read: 'jobs', of: unique(all.map(({ job }) => job)) },
    workers: { read: 'workers', of: unique(held.map(({ state }) => (isAlive(state) ? state.worker : null))) },
    classes: { read: 'classes', of: unique(all.map((row) => row.class)) },
    tallies: { read: 'tallies', of: unique(all.map(({ kind }) => kind)) },
    pools: { read: 'allPools', of: null },
    shares: { read: 'shares', of: { classes: unique(held.map((row) => row.class)) } },
    rates: { read: 'rates', of: { classes: unique(held.map((row) => row.class)) } },
    arrays: { read: 'arrays', of: unique(tasks.map(({ array }) => array)) },
  } as const;
  const named: Record<string, ReadRequest> = {};
  attempts.forEach((of, i) => {
    named[`attempt${i}`] = { read: 'attempt', of };
  });
  // Whoever reports the end of an attempt may be asked whether anybody is left for the next.
  const asked = held.some(({ policy }) => policy.on === 'distinct');
  if (asked) Object.assign(named, candidateReads(held, draft.now));
  for (const name in also) named[`also ${name}`] = also[name] as ReadRequest;
  const got = yield* read({ ...set, ...named });
  const found = got as unknown as Record<string, Attempt | null>;
  const { jobs, workers, classes, tallies, pools, shares, rates } = got;
  draft.load({ tasks, arrays: [...arrays, ...got.arrays], jobs, workers, classes, tallies, pools, shares, rates });
  draft.load({ attempts: attempts.map((_, i) => found[`attempt${i}`]) });
  if (asked) takeCandidates(draft.candidates, got);
  return Object.fromEntries(Object.keys(also ?? {}).map((name) => [name, found[`also ${name}`]])) as unknown as ResultsOf<S>;
}

/** The last round: whoever has children tells them, by a sweep of its own. `check: false` saves the look. */
export function* finish<A>(draft: Draft, answer: () => A, check = true): Reading<ProcedureResult<A>> {
  draft.closeJobs();
  const { endings } = draft;
  if (!check) for (const ending of endings) draft.spread(ending);
  else if (endings.length > 0) {
    const set: Record<string, ReadRequest> = {};
    endings.forEach(({ kind, id }, i) => {
      set[`c${i}`] = { read: 'childrenOf', of: { kind, parent: id, after: 0, limit: 1 } };
    });
    const got = (yield* read(set)) as unknown as Record<string, readonly unknown[]>;
    endings.forEach((ending, i) => {
      if ((got[`c${i}`] ?? []).length > 0) draft.spread(ending);
    });
  }
  return draft.done(answer());
}

export const noTask = (id: TaskId): { refusal: Refusal } => refuse('not_found', `There is no task ${id}`);
export const noJob = (id: number): { refusal: Refusal } => refuse('not_found', `There is no job ${id}`);
export const noWorker = (id: number): { refusal: Refusal } => refuse('not_found', `There is no worker ${id}`);

export function refusedStep(refusal: TaskRefusal, task: Task, asked: string): { refusal: Refusal } {
  return refuse(taskRefusalCodes[refusal], taskRefusalText(refusal, task.id, task.state.state, asked));
}

/** A job that the principal may act on: a foreign or deleted one does not exist for it. */
export function seesJob(by: Principal, job: { owner: string; intent: string } | null): boolean {
  return job !== null && job.intent !== 'delete' && reaches(by, job.owner);
}

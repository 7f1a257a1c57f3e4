import { type Result, refuse } from '../domain/errors.ts';
import { may, type Principal, system } from '../domain/principal.ts';
import { ownerTag, submitterTag } from '../domain/worker.ts';
import type { JobPlan, Submitted, TaskPlan } from './commands.ts';
import { idsOf, placeTasks } from './procedures/place.ts';
import type { Runner } from './run.ts';

/** Rows written per command: the store's limit is 2,000. */
const rowsPerPart = 1_500;
/** Items of an array share rows; no pack of the store is smaller. */
const itemsPerRow = 250;

const rowsOf = ({ after, array }: TaskPlan, parentsOfRoots: number): number =>
  2 + (after.length === 0 ? parentsOfRoots : after.length) + Math.ceil((array?.items?.length ?? 0) / itemsPerRow);

/** How many of the tasks from `from` on fit into one transaction. */
function partFrom(tasks: readonly TaskPlan[], from: number, parentsOfRoots: number): number {
  let rows = 10;
  let i = from;
  for (; i < tasks.length; i++) {
    const task = tasks[i];
    if (task === undefined) break;
    rows += rowsOf(task, parentsOfRoots);
    if (rows > rowsPerPart && i > from) break;
  }
  return i;
}

/** Who may not see the workers of others gives them no work either, where the kind of work asks for that. */
function ownWorkers(task: TaskPlan, by: Principal): TaskPlan {
  if (!task.tags.includes(submitterTag)) return task;
  const tags = task.tags.filter((tag) => tag !== submitterTag);
  return { ...task, tags: may(by, 'worker:read') ? tags : [...tags, ownerTag(by.id)] };
}

/**
 * Submits a plan of any size. What does not fit into one transaction is taken in part by part under the intent `building`,
 * of which nothing is claimed, and acknowledged after the last part; a crash before that leaves a job that `recover` removes.
 */
export async function submitJob(
  runner: Runner,
  by: Principal,
  plan: JobPlan,
  { key = null, hash = '', fair = null }: { key?: string | null; hash?: string; fair?: string | null },
): Promise<Result<Submitted>> {
  const tasks = plan.tasks.map((task) => ownWorkers(task, by));
  const { after, afterAny = [], hold, notBefore } = plan;
  const parents = after.length + afterAny.length;
  const bounds = {
    ...(plan.limit === undefined ? undefined : { limit: plan.limit }),
    ...(plan.rate === undefined ? undefined : { rate: plan.rate }),
  };
  const first = partFrom(tasks, 0, parents);
  const building = first < tasks.length;
  if (building && plan.startOn !== null)
    return refuse('invalid', 'Only a job of one task can be started on a named worker', '/startOn');
  const part = { ...plan, tasks: building ? tasks.slice(0, first) : tasks };
  const begun = await runner.command(by, 'submit', { plan: part, key, hash, ids: idsOf(tasks), building, fair });
  if (begun.refusal !== undefined) return begun;
  const { job, replayed } = begun.value;
  const placed = placeTasks(tasks, job.firstTask);
  const taskIds = placed.map(({ id }) => id);
  if (replayed) return { value: { ...begun.value, taskIds } };
  if (!building) return begun;
  for (let from = first; from < tasks.length; ) {
    const to = partFrom(tasks, from, parents);
    const extension = { job: job.id, tasks: placed.slice(from, to), hold, notBefore, after, afterAny, ...bounds, fair };
    const extended = await runner.command(by, 'extend', extension);
    if (extended.refusal !== undefined) return giveUp(extended);
    from = to;
  }
  const done = await runner.command(by, 'built', { job: job.id, hold, key, hash });
  if (done.refusal === undefined) return { value: { ...begun.value, job: done.value.job, taskIds } };
  await giveUp(done);
  // The same request came twice at once; the other one was first.
  return done.refusal.code === 'conflict' ? submitJob(runner, by, plan, { key, hash, fair }) : done;

  async function giveUp<R>(refused: R): Promise<R> {
    await runner.command(system, 'delete', { job: job.id });
    return refused;
  }
}

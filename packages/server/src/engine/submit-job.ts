import type { Result } from '../domain/errors.ts';
import { type Principal, system } from '../domain/principal.ts';
import type { JobPlan, Submitted, TaskPlan } from './commands.ts';
import { idsOf, placeTasks } from './procedures/place.ts';
import type { Runner } from './run.ts';

/** Rows written per command: the store's limit is 2,000. */
const rowsPerPart = 1_500;

/** How many of the tasks from `from` on fit into one transaction. */
function partFrom(tasks: readonly TaskPlan[], from: number, parentsOfRoots: number): number {
  let rows = 10;
  let i = from;
  for (; i < tasks.length; i++) {
    const task = tasks[i];
    if (task === undefined) break;
    rows += 2 + (task.after.length === 0 ? parentsOfRoots : task.after.length) + (task.array?.items == null ? 0 : 1);
    if (rows > rowsPerPart && i > from) break;
  }
  return i;
}

/**
 * Submits a plan of any size. What does not fit into one transaction is taken in part by part under the intent `building`,
 * of which nothing is claimed, and acknowledged after the last part; a crash before that leaves a job that `recover` removes.
 */
export async function submitJob(
  runner: Runner,
  by: Principal,
  plan: JobPlan,
  options: { key?: string; hash?: string },
): Promise<Result<Submitted>> {
  const { tasks } = plan;
  const first = partFrom(tasks, 0, plan.after.length);
  const building = first < tasks.length;
  const input = {
    plan: building ? { ...plan, tasks: tasks.slice(0, first) } : plan,
    // An unfinished job must not answer for its key.
    key: options.key ?? null,
    hash: options.hash ?? '',
    ids: idsOf(tasks),
    building,
  };
  const begun = await runner.command(by, 'submit', input);
  if (begun.refusal !== undefined || !building || begun.value.replayed) return begun;
  const { job } = begun.value;
  const placed = placeTasks(tasks, job.firstTask);
  for (let from = first; from < tasks.length; ) {
    const to = partFrom(tasks, from, plan.after.length);
    const part = { job: job.id, tasks: placed.slice(from, to), notBefore: plan.notBefore, after: plan.after };
    const extended = await runner.command(by, 'extend', part);
    if (extended.refusal !== undefined) {
      await runner.command(system, 'delete', { job: job.id });
      return extended;
    }
    from = to;
  }
  const done = await runner.command(by, 'built', { job: job.id, hold: plan.hold });
  if (done.refusal !== undefined) return done;
  return { value: { ...begun.value, job: done.value.job, taskIds: placed.map(({ id }) => id) } };
}

import { type Refusal, refuse } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Principal } from '../../domain/principal.ts';
import { kindPool, type Pool } from '../../domain/rows.ts';
import { ifMade } from '../../domain/scheduling.ts';
import type { Task } from '../../domain/task.ts';
import type { JobPlan, TaskPlan } from '../commands.ts';
import { seesJob } from './rounds.ts';

type Refused = { refusal: Refusal } | null;

export function forbiddenKind(tasks: readonly TaskPlan[], { kinds, name }: Principal): Refused {
  if (kinds === null) return null;
  const kind = tasks.find((task) => !kinds.includes(task.kind))?.kind;
  return kind === undefined ? null : refuse('forbidden', `${name} may not submit tasks of kind ${kind}`);
}

/** A pool that is missing or too small for ever is refused now instead of waiting for ever. */
export function checkPools(tasks: readonly TaskPlan[], pools: readonly Pool[]): Refused {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  for (const task of tasks) {
    const wrong = checkNamed(task, byName) ?? checkKind(task, byName);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** A place that people recognise, however the plan was put in order. */
const placeOf = ({ key }: TaskPlan, what: string): string =>
  key === null ? `/spec/needs/${what}` : `/spec/tasks/${key}/needs/${what}`;

function checkNamed(task: TaskPlan, pools: ReadonlyMap<string, Pool>): Refused {
  for (const [name, amount] of Object.entries(task.pools)) {
    if (ifMade(name) !== null) continue;
    const pool = pools.get(name);
    const at = placeOf(task, 'pools');
    if (pool === undefined)
      return refuse('unknown_pool', `There is no pool ${name}; make it with: switchyard pools set ${name} N`, at);
    if (amount > pool.total) return refuse('impossible', `${name}: ${amount} wanted, ${pool.total} exist`, at);
  }
  return null;
}

function checkKind(task: TaskPlan, pools: ReadonlyMap<string, Pool>): Refused {
  const pool = pools.get(kindPool(task.kind));
  const { slots } = task.amounts;
  if (pool === undefined || slots <= pool.total) return null;
  const text = `${slots} slots wanted, ${pool.total} tasks of kind ${task.kind} may run at once`;
  return refuse('impossible', text, placeOf(task, 'slots'));
}

/** Ids of tasks of other jobs whose files are asked for. */
export function sourcesOf(tasks: readonly TaskPlan[]): TaskId[] {
  return [...new Set(tasks.flatMap(({ takesFrom = [] }) => takesFrom))];
}

/** Whose files may be taken, they may be seen: nobody reads a foreign job by having a task fetch from it. */
export function checkSources(ids: readonly TaskId[], tasks: readonly Task[], jobs: readonly Job[], by: Principal): Refused {
  const seen = new Set(jobs.filter((job) => seesJob(by, job)).map(({ id }) => id));
  const open = new Set(tasks.filter(({ job }) => seen.has(job)).map(({ id }) => id));
  const missing = ids.find((id) => !open.has(id));
  return missing === undefined ? null : refuse('unknown_parent', `There is no task ${missing} to take files from`);
}

export function checkDeadline({ deadline }: Pick<JobPlan, 'deadline'>, now: number): Refused {
  if (deadline === undefined || deadline === null || deadline > now) return null;
  return refuse('invalid', 'The deadline has passed already', '/deadline');
}

export function checkParents(after: readonly number[], parents: readonly Job[], by: Principal): Refused {
  const known = new Set(parents.filter((job) => seesJob(by, job)).map(({ id }) => id));
  const missing = after.find((id) => !known.has(id));
  return missing === undefined ? null : refuse('unknown_parent', `There is no job ${missing} to wait for`, '/after');
}

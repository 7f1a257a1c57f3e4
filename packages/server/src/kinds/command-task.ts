import type { Needs } from '@switchyard/sdk/task-spec.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { RetryPolicy } from '../domain/task.ts';
import { type CommandText, commandsBody } from '../domain/variables.ts';
import { defaultMaxLosses } from './shell-task.ts';

const hour = 3_600_000;

/**
 * Flamenco's rules of failure (flamenco §5.3): a worker that failed a task does not get it again, the third worker's failure
 * is final, a worker that failed three tasks of a kind gets no more of that kind of this job for a week.
 */
export const commandPolicy: RetryPolicy = {
  retries: 2,
  maxLosses: defaultMaxLosses,
  on: 'distinct',
  backoffMs: 0,
  onLoss: 'requeue',
  blockAfter: 3,
  blockMs: 7 * 24 * hour,
  noCandidateMs: hour,
};

/** A step that says nothing for so long has hung (flamenco §6.1). */
const silenceMs = hour;

export interface CommandTask {
  readonly key: string;
  /** Flamenco's task type. */
  readonly kind: string;
  readonly commands: readonly CommandText[];
  /** Positions of its parents in the plan. */
  readonly after?: readonly number[];
  readonly priority?: number;
  /** One task for each of these; `{item}` in a setting stands for it. */
  readonly items?: readonly string[];
}

export const command = (name: string, settings: Readonly<Record<string, unknown>>): CommandText => ({ name, settings });

/** The plan of one task (or array) of commands. Without `needs` every worker of the kind takes it, Flamenco's too. */
export function planCommands(task: CommandTask, needs: Needs = {}): TaskPlan {
  const { key, kind, commands, after = [], priority = 0, items } = task;
  return {
    key,
    kind,
    tags: needs.tags ?? [],
    amounts: { slots: needs.slots ?? 1, cpus: needs.cpus ?? 0, ramMb: needs.ramMb ?? 0, named: needs.resources ?? {} },
    pools: needs.pools ?? {},
    pin: needs.worker ?? null,
    priority,
    policy: commandPolicy,
    timeoutMs: 0,
    silenceMs,
    body: commandsBody(commands),
    after,
    array: items === undefined ? null : { size: items.length, first: 0, step: 1, items },
    refersTo: [],
  };
}

/** Tasks in the order of the plan: each `add` gives the position that later ones name as their parent. */
export class PlanList {
  readonly tasks: TaskPlan[] = [];

  add(task: CommandTask, needs?: Needs): number {
    return this.tasks.push(planCommands(task, needs)) - 1;
  }
}

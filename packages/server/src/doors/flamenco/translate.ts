import { taskName } from '../../domain/task-name.ts';
import { commandsIn, expandCommands, lookupIn, usualPlaces, type Variables } from '../../domain/variables.ts';
import type { Wanted } from '../../domain/worker.ts';
import type { Assignment } from '../../engine/commands.ts';
import { hexId } from './ids.ts';
import type { Holding, KnownWorker } from './known-worker.ts';
import type { TaskDoc } from './messages.ts';

/** What may be asked of a worker; it takes any other word for "sleep" (flamenco §4). */
const requestable = ['asleep', 'awake', 'shutdown'] as const;
export type Requestable = (typeof requestable)[number];

/** The status that it is to be asked to take; null: none that Flamenco has a word for. */
export function requestedOf(wanted: Wanted | null): Requestable | null {
  return requestable.find((word) => word === wanted?.mode) ?? null;
}

/** The worker's status as Flamenco names it. */
export function statusOf({ status, mode, timedOut, met }: KnownWorker): string {
  if (status === 'lost') return 'timeout';
  if (status === 'offline' && !met) return 'starting';
  if (status === 'offline') return timedOut ? 'timeout' : 'offline';
  if (status === 'starting' || status === 'pending') return 'starting';
  return mode === 'draining' ? 'awake' : mode;
}

/** The task's status as Flamenco names it (DESIGN §8). */
export const taskStatusOf = ({ state }: Holding): string => (state === 'stopping' ? 'cancel-requested' : 'active');

/** A task as its worker gets it, with the values of its own platform in the settings. Null: it is no list of commands. */
export function taskDoc(given: Assignment, worker: KnownWorker, variables: Variables): TaskDoc | null {
  const commands = commandsIn(given.body);
  if (commands === null) return null;
  const { task, value, jobName, owner } = given;
  const names = lookupIn([variables, usualPlaces], 'workers', worker.platform ?? 'linux');
  const id = hexId('task', task.id);
  return {
    _id: id,
    job: hexId('job', task.job),
    name: taskName(task.key, value) ?? id,
    status: 'active',
    priority: task.priority,
    job_priority: task.jobPriority,
    job_type: task.kind,
    task_type: task.kind,
    manager: 'switchyard',
    project: jobName,
    user: owner,
    parents: [],
    worker: worker.name,
    commands: expandCommands(commands, names, { value, index: task.index }).map(({ name, settings }) => ({ name, settings })),
  };
}

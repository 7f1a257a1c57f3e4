import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { CliError, usage } from './cli-error.ts';

/** What people write: `12` a job, `t57` a task, `12.7` index 7 of its array, `12/KEY` a task of a graph, `12/KEY.7` an index of it. */
export type Target =
  | { readonly is: 'job'; readonly job: number }
  | { readonly is: 'task'; readonly task: number }
  | { readonly is: 'part'; readonly job: number; readonly key: string | null; readonly index: number | null };

export const targetHelp = '12 (a job), 12.7 (index 7 of its array), 12/KEY (a task of a graph), t57 (a task by its id)';

export function parseTarget(text: string): Target {
  const task = /^(?:t|task:)(\d{1,15})$/.exec(text);
  if (task !== null) return { is: 'task', task: Number(task[1]) };
  const match = /^(?:job:|j)?(\d{1,15})(?:\/([A-Za-z0-9_-][A-Za-z0-9_.-]*?))?(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) throw usage(`"${text}" is not a job or a task; write ${targetHelp}`);
  const [, job, key, index] = match;
  if (key === undefined && index === undefined) return { is: 'job', job: Number(job) };
  return { is: 'part', job: Number(job), key: key ?? null, index: index === undefined ? null : Number(index) };
}

/** A plain number, such as that of a schedule. */
export function parseId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw usage(`"${text}" is not an id; it is a number from the list`);
  return Number(text);
}

export function parseJob(text: string): number {
  const target = parseTarget(text);
  if (target.is !== 'job') throw usage(`"${text}" is one task; this works on whole jobs`);
  return target.job;
}

/** The task that is meant. A job of one task stands for that task; a job of several is refused with what to write. */
export async function taskIdOf(client: Client, target: Target): Promise<number> {
  if (target.is === 'task') return target.task;
  const job = await client.jobs.show(target.job);
  if (target.is === 'job') return onlyTask(job);
  return target.index === null ? keyed(client, job, target.key ?? '') : indexed(job, target.key, target.index);
}

function onlyTask(job: JobDetail): number {
  if (job.total === 1) return job.firstTask;
  const example = job.arrays.length > 0 ? `${job.id}.0` : `t${job.firstTask}`;
  throw new CliError(
    `Job ${job.id} has ${job.total} tasks: say which, such as ${example}. "switchyard job ${job.id}" lists them.`,
  );
}

function indexed(job: JobDetail, key: string | null, index: number): number {
  const arrays = key === null ? job.arrays : job.arrays.filter((array) => array.key === key);
  const [array] = arrays;
  if (array === undefined) throw new CliError(`Job ${job.id} has no array${key === null ? '' : ` "${key}"`}.`);
  if (arrays.length > 1) {
    throw new CliError(`Job ${job.id} has several arrays: ${arrays.map((one) => `${job.id}/${one.key}.${index}`).join(', ')}?`);
  }
  if (index >= array.size) throw new CliError(`The array of job ${job.id} has the indices 0 to ${array.size - 1}.`);
  return array.id + index;
}

async function keyed(client: Client, job: JobDetail, key: string): Promise<number> {
  const array = job.arrays.find((one) => one.key === key);
  if (array !== undefined) throw new CliError(`"${key}" is an array: say which index, such as ${job.id}/${key}.0`);
  for await (const task of tasksOf(client, job.id)) if (task.key === key) return task.id;
  throw new CliError(`Job ${job.id} has no task "${key}". "switchyard job ${job.id}" lists them.`);
}

/** All tasks of a job, page by page. */
export async function* tasksOf(
  client: Client,
  job: number,
  filter: Parameters<Client['jobs']['tasks']>[1] = {},
): AsyncGenerator<TaskView> {
  let cursor: string | undefined;
  do {
    const page = await client.jobs.tasks(job, { limit: 1000, ...filter, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.tasks;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

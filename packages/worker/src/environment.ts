import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import { markerName } from './process-tree.ts';

/** Variables of the worker that every task sees. Nothing else of its environment is passed on: it may hold secrets. */
const passed = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER'] as const;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Numerical libraries take every core of the machine unless told otherwise: set from `cpus` where the task asks for some. */
const threadCounts = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS'] as const;

export interface EnvironmentParts {
  readonly worker: Readonly<Record<string, string | undefined>>;
  readonly task: WireTask;
  readonly own: Readonly<Record<string, string>>;
  readonly marker: string;
  /** The graphics processors given to it; null: this worker does not count them. */
  readonly gpus: readonly string[] | null;
}

/** The whole environment of a task's process. The task's own variables win over ours, except those that keep order. */
export function environmentOf({ worker, task, own, marker, gpus }: EnvironmentParts): Record<string, string> {
  const env: Record<string, string> = { [markerName]: marker };
  for (const name of passed) {
    const value = worker[name];
    if (value !== undefined) env[name] = value;
  }
  env.PATH ??= defaultPath;
  if (task.amounts.cpus > 0) for (const name of threadCounts) env[name] = String(task.amounts.cpus);
  if (gpus?.length === 0) env.CUDA_VISIBLE_DEVICES = '';
  Object.assign(env, own);
  if (gpus !== null && gpus.length > 0) env.CUDA_VISIBLE_DEVICES = gpus.join(',');
  env.SWITCHYARD_JOB = String(task.job);
  env.SWITCHYARD_TASK = String(task.task);
  env.SWITCHYARD_ATTEMPT = String(task.attempt);
  env[markerName] = marker;
  if (task.key !== null) env.SWITCHYARD_KEY = task.key;
  if (task.index === null) return env;
  env.SWITCHYARD_INDEX = String(task.index);
  env.SWITCHYARD_VALUE = task.value ?? String(task.index);
  env.SWITCHYARD_ITEM = env.SWITCHYARD_VALUE;
  return env;
}

import type { JobPlan, TaskPlan } from '../../../src/domain/plan.ts';
import type { RetryPolicy, Task } from '../../../src/domain/task.ts';
import { commandsBody } from '../../../src/domain/variables.ts';
import { commandPolicy } from '../../../src/kinds/command-task.ts';
import { admin, type Place } from './place.ts';
import type { Command } from './scripted-worker.ts';

export interface TaskSpec {
  readonly key?: string;
  readonly kind?: string;
  readonly commands?: readonly Command[];
  readonly after?: readonly number[];
  readonly priority?: number;
}

export const echo = (message: string): Command => ({ name: 'echo', settings: { message } });
export const sleep = (seconds: number): Command => ({ name: 'sleep', settings: { time_in_seconds: seconds } });
export const exec = (cmd: string): Command => ({ name: 'exec', settings: { cmd } });

function plan(
  { key, kind = 'debug', commands = [echo('hello')], after = [], priority = 0 }: TaskSpec,
  policy: RetryPolicy,
): TaskPlan {
  return {
    ...{ key: key ?? null, kind, tags: [], pools: {}, pin: null, priority, policy, after, array: null, refersTo: [] },
    ...{ amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} }, timeoutMs: 0, silenceMs: 0, body: commandsBody(commands) },
  };
}

/** Submits a job of tasks of commands; their ids. */
export async function submit(
  { engine }: Place,
  tasks: readonly TaskSpec[],
  { priority = 0, policy = {} }: { priority?: number; policy?: Partial<RetryPolicy> } = {},
): Promise<{ job: number; tasks: readonly number[] }> {
  const job: JobPlan = {
    ...{ name: 'test', kind: 'exec-command', priority, labels: {}, spec: '{}', after: [], hold: false, notBefore: null },
    ...{ startOn: null, tasks: tasks.map((task) => plan(task, { ...commandPolicy, ...policy })) },
  };
  const submitted = await engine.submit(admin, job);
  if (submitted.refusal !== undefined) throw new Error(submitted.refusal.detail);
  return { job: submitted.value.job.id, tasks: submitted.value.taskIds };
}

export async function taskOf({ engine }: Place, id: number): Promise<Task> {
  const shown = await engine.query.task(admin, id);
  if (shown.refusal !== undefined) throw new Error(shown.refusal.detail);
  return shown.value.task;
}

export const stateOf = async (place: Place, id: number): Promise<string> => (await taskOf(place, id)).state.state;

/** The log of an attempt, without the line of the assignment. */
export async function logOf(place: Place, id: number, attempt?: number): Promise<string> {
  const at = { task: id, attempt: attempt ?? (await taskOf(place, id)).attempt, stream: 'out' } as const;
  const read = await place.engine.logs.read(admin, at, { start: 0, end: null });
  const text = Buffer.concat(read.value?.parts.map(({ bytes }) => bytes) ?? []).toString();
  return text.replace(/^.* assigned task .*\n/, '');
}

/** The lines of a log without their stamps. */
export const linesOf = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+: /, ''));

/** The one entry of the status report, or the one of this nickname. */
export async function report(place: Place, nickname?: string): Promise<Record<string, unknown>> {
  const { workers } = (await (await place.ask('/as-json')).json()) as { workers: Record<string, unknown>[] };
  const found = nickname === undefined ? workers[0] : workers.find((one) => one.nickname === nickname);
  return found ?? {};
}

export async function action(place: Place, worker: string, fields: Record<string, string>): Promise<Response> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return place.ask(`/worker-action/${worker}`, { method: 'POST', body: new URLSearchParams(fields).toString(), headers });
}

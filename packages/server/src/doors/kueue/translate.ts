import type { Attempt } from '../../domain/attempt.ts';
import type { Millis } from '../../domain/ids.ts';
import type { Amounts } from '../../domain/needs.ts';
import { describeReason } from '../../domain/reasons.ts';
import type { Task } from '../../domain/task.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { plainText } from '../kit/plain-text.ts';
import { codeOfReason } from './codes.ts';
import type { JobInfo, JobStatus, Resources } from './messages.ts';
import { type ShellCommand, shellCommandOf, sinkPath } from './shell-command.ts';

/** All that a `JobInfo` is made of (kueue §2.2). Kueue's job is our task of kind `shell`; its id is the task's. */
export interface TaskFace {
  readonly task: Pick<Task, 'id' | 'createdAt' | 'index' | 'state'> & Partial<Pick<Task, 'startedAt' | 'endedAt'>>;
  /** The latest; null: it never started, or its attempt is not known here. */
  readonly attempt: Pick<Attempt, 'startedAt' | 'endedAt' | 'exitCode' | 'error' | 'signal' | 'workerName'> | null;
  /** `TaskBody`, JSON text. */
  readonly body: string;
  readonly value: string | null;
  readonly amounts: Pick<Amounts, 'slots' | 'cpus' | 'ramMb'>;
  readonly pools: Readonly<Record<string, number>>;
  /** Name of the worker that holds it, where it is held. */
  readonly workerName: string | null;
  readonly offeredAt: Millis | null;
}

export const time = (at: Millis): string => new Date(at).toISOString();

/** `commandLength`: characters of the command at most, the rest is cut. */
export function jobInfoOf(face: TaskFace, commandLength: number): JobInfo {
  return jobInfo(face.task.id, shellCommandOf(face.body, face.task.index, face.value, commandLength), face, statusOf(face));
}

/** The one place where a `JobInfo` is put together: all three spellings of the amounts (kueue §0). */
export function jobInfo(
  id: number,
  command: Omit<ShellCommand, 'whole'>,
  needs: { readonly amounts: TaskFace['amounts']; readonly pools: TaskFace['pools'] },
  status: JobStatus,
): JobInfo {
  const resources = resourcesOf(needs.amounts);
  return {
    job_id: id,
    cmd: command.argv,
    cwd: command.cwd,
    worker_resources: resources,
    local_resources: resources,
    resources,
    global_resources: sortedOrNull(needs.pools),
    status,
    stdout_path: sinkPath(command.stdout),
    stderr_path: sinkPath(command.stderr),
  };
}

export function resourcesOf({ slots, cpus, ramMb }: Pick<Amounts, 'slots' | 'cpus' | 'ramMb'>): Resources {
  return { job_slots: slots, cpus, ram_mb: ramMb };
}

/** An empty map is null to the peers; keys are written in order. */
export function sortedOrNull(record: Readonly<Record<string, number>>): Record<string, number> | null {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([name, amount]) => [name.toWellFormed(), amount]));
}

/** The states of DESIGN section 8. */
export function statusOf(face: TaskFace): JobStatus {
  const { task } = face;
  const { state } = task;
  const issued = time(task.createdAt);
  switch (state.state) {
    case 'waiting':
    case 'ready':
      return { Pending: { issued } };
    case 'offered':
      return { Offered: { issued, offered: time(face.offeredAt ?? task.createdAt), worker: workerOf(face) } };
    case 'running':
    case 'suspended':
      return running(face);
    case 'stopping':
      return state.goal === 'canceled' ? canceled(task.createdAt, state.since) : running(face);
    case 'succeeded':
    case 'failed':
      return finished(face);
    case 'canceled':
      return canceled(task.createdAt, state.at);
    default:
      return unreachable(state);
  }
}

export function canceled(issued: Millis, at: Millis): JobStatus {
  return { Canceled: { issued: time(issued), canceled: time(at) } };
}

const workerOf = ({ attempt, workerName }: TaskFace): string => plainText(workerName ?? attempt?.workerName ?? '', 200);

function running(face: TaskFace): JobStatus {
  const started = face.task.startedAt ?? face.attempt?.startedAt ?? face.task.createdAt;
  return { Running: { issued: time(face.task.createdAt), started: time(started), worker: workerOf(face) } };
}

function finished(face: TaskFace): JobStatus {
  const { task, attempt } = face;
  const started = attempt?.startedAt ?? task.startedAt ?? task.createdAt;
  const ended = Math.max(started, attempt?.endedAt ?? task.endedAt ?? started);
  return {
    Finished: {
      issued: time(task.createdAt),
      started: time(started),
      finished: time(ended),
      return_code: returnCodeOf(face),
      worker: workerOf(face),
      run_time_seconds: Math.floor((ended - started) / 1000),
      comment: commentOf(face),
    },
  };
}

const i32 = { min: -2_147_483_648, max: 2_147_483_647 };

/** A program's own code if it left one; 0 only for success. */
export function returnCodeOf({ task, attempt }: Pick<TaskFace, 'task' | 'attempt'>): number {
  if (task.state.state === 'succeeded') return 0;
  const code = attempt?.exitCode ?? null;
  if (code !== null && code !== 0) return Math.max(i32.min, Math.min(i32.max, code));
  return task.state.state === 'failed' ? codeOfReason[task.state.reason] : 0;
}

function commentOf({ task, attempt }: TaskFace): string {
  if (task.state.state !== 'failed') return '';
  const said = attempt?.error ?? '';
  const why = describeReason(task.state.reason, attempt ?? undefined);
  return plainText(said === '' ? why : task.state.reason === 'exit' ? said : `${why}: ${said}`, 1_000);
}

import type { Millis } from '../../domain/ids.ts';
import type { Task } from '../../domain/task.ts';
import type { Assignment } from '../../engine/commands.ts';
import type { JobInfo, JobStatus } from './messages.ts';
import { shellCommandOf } from './shell-command.ts';
import { canceled, jobInfo, time } from './translate.ts';

/** The offer: all of the command, or null where that is more than any peer can take. */
export function offerInfo(assignment: Assignment, status: JobStatus, commandLength: number): JobInfo | null {
  const { task, body, value } = assignment;
  const command = shellCommandOf(body, task.index, value, commandLength);
  return command.whole ? jobInfo(task.id, command, assignment, status) : null;
}

/**
 * Every later word on it: the worker takes id and status from it and the command from the offer (kueue §4.2), so a very long
 * one is not repeated.
 */
export function assignmentInfo(assignment: Assignment, status: JobStatus, commandLength: number): JobInfo {
  const { task, body, value } = assignment;
  return jobInfo(task.id, shellCommandOf(body, task.index, value, commandLength), assignment, status);
}

export function offeredStatus({ task }: Assignment, worker: string, now: Millis): JobStatus {
  return { Offered: { issued: time(task.createdAt), offered: time(now), worker } };
}

export function runningStatus(task: Task, worker: string, now: Millis): JobStatus {
  return { Running: { issued: time(task.createdAt), started: time(task.startedAt ?? now), worker } };
}

/** Only `Canceled` brings the short end; with `Running` the worker reports a `Finished` with -46 (kueue §4.3). */
export function killStatus(task: Task, worker: string, now: Millis): JobStatus {
  const { state } = task;
  if (state.state === 'canceled') return canceled(task.createdAt, state.at);
  if (state.state !== 'stopping' || state.goal === 'canceled') {
    return canceled(task.createdAt, state.state === 'stopping' ? state.since : now);
  }
  return runningStatus(task, worker, now);
}

export function withdrawnStatus(issued: Millis, now: Millis): JobStatus {
  return canceled(issued, now);
}

/** For the answer to an Accept of something that was never offered: the worker looks at id and status only. */
export function unknownJobInfo(id: number, now: Millis): JobInfo {
  const command = { argv: ['unknown'], cwd: '/', stdout: 'capture', stderr: 'capture' } as const;
  return jobInfo(
    id,
    { ...command, argv: [...command.argv] },
    { amounts: { slots: 0, cpus: 0, ramMb: 0 }, pools: {} },
    canceled(now, now),
  );
}

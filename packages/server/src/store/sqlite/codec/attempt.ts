import type { Artifact, Attempt, AttemptOutcome } from '../../../domain/attempt.ts';
import type { Reason } from '../../../domain/task.ts';
import type { Cell, Cells } from '../database.ts';
import { listOf, listText, recordOf, recordText } from './json.ts';

export const attemptColumns = [
  'task',
  'number',
  'worker',
  'worker_name',
  'session',
  'pools',
  'started_at',
  'ended_at',
  'outcome',
  'exit_code',
  'signal',
  'reason',
  'error',
  'result',
  'artifacts',
] as const;

export function encodeAttempt(attempt: Attempt): Cell[] {
  return [
    attempt.task,
    attempt.number,
    attempt.worker,
    attempt.workerName,
    attempt.session,
    recordText(attempt.pools),
    attempt.startedAt,
    attempt.endedAt,
    attempt.outcome,
    attempt.exitCode,
    attempt.signal,
    attempt.reason,
    attempt.error,
    attempt.result,
    listText(attempt.artifacts),
  ];
}

export function decodeAttempt(cells: Cells, at = 0): Attempt {
  return {
    task: cells[at] as number,
    number: cells[at + 1] as number,
    worker: cells[at + 2] as number,
    workerName: cells[at + 3] as string,
    session: cells[at + 4] as number,
    pools: recordOf<number>(cells[at + 5]),
    startedAt: cells[at + 6] as number,
    endedAt: cells[at + 7] as number | null,
    outcome: cells[at + 8] as AttemptOutcome | null,
    exitCode: cells[at + 9] as number | null,
    signal: cells[at + 10] as string | null,
    reason: cells[at + 11] as Reason | null,
    error: cells[at + 12] as string | null,
    result: cells[at + 13] as string | null,
    artifacts: listOf<Artifact>(cells[at + 14]),
  };
}

import type { InputOf } from '../../engine/commands.ts';
import { plainText } from '../kit/plain-text.ts';
import { reasonOfCode } from './codes.ts';
import type { JobStatus } from './messages.ts';

/** How an attempt ended, as the command `end` takes it. */
export type Ending = Pick<InputOf<'end'>, 'outcome' | 'reason' | 'exitCode' | 'signal' | 'error' | 'result' | 'artifacts'>;

const nothing = { signal: null, result: null, artifacts: [] } as const;

/** A worker's last word on a job (kueue §4.3). Null: not an end at all. Its clock is not believed: our times count. */
export function endingOf(status: JobStatus): Ending | null {
  if ('Canceled' in status) return { ...nothing, outcome: 'failed', reason: 'user', exitCode: null, error: null };
  if (!('Finished' in status)) return null;
  const { return_code: code, comment } = status.Finished;
  if (code === 0) return { ...nothing, outcome: 'succeeded', reason: null, exitCode: 0, error: null };
  const error = plainText(comment, 1_000);
  return { ...nothing, outcome: 'failed', ...reasonOfCode(code), error: error === '' ? null : error };
}

/** The end of an attempt that was accepted and canceled before the worker was told to start. */
export const neverStarted: Ending = { ...nothing, outcome: 'failed', reason: 'user', exitCode: null, error: null };

import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import type { Attempt } from './attempt.ts';
import type { Lengths } from './attempt-logs.ts';
import type { Final, Outcome } from './outcome.ts';
import type { Taken } from './room.ts';

/** What this worker holds of one task: what `hello` names. */
export type Holding =
  /** To be run; an attempt that is being ended still takes the room. */
  | { readonly state: 'queued'; readonly task: WireTask }
  /** Accepted, with room taken; the server has not said `go`. */
  | { readonly state: 'accepted'; readonly task: WireTask; readonly taken: Taken }
  | { readonly state: 'running'; readonly attempt: Attempt }
  /** Over, and not acknowledged. `saidIn`: the connection in which the end was said last. */
  | { readonly state: 'ended'; readonly final: Final; readonly attempt: Attempt | null; saidIn: number; saidAt: number };

export function attemptOf(holding: Holding): number {
  switch (holding.state) {
    case 'queued':
    case 'accepted':
      return holding.task.attempt;
    case 'running':
      return holding.attempt.task.attempt;
    case 'ended':
      return holding.final.attempt;
  }
}

export function finalOf(task: number, attempt: number, outcome: Outcome, logs: Lengths | null): Final {
  if (outcome.giveBack !== undefined) {
    return { m: 'give-back', task, attempt, how: outcome.giveBack, why: outcome.why };
  }
  const end: Final = { m: 'end', task, attempt, ...outcome };
  return logs === null ? end : { ...end, logs };
}

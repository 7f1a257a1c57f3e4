import { failed, giveBack, type Outcome } from '../../outcome.ts';

/** Why a command did not do what it should, as a sentence; with the exit code where a program ended badly. */
export interface Trouble {
  readonly error: string;
  readonly reason: 'error' | 'exit' | 'signal' | 'start';
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** This machine lacks something just now: the task is handed back. */
  readonly busy?: true;
}

export const refusal = (error: string): Trouble => ({ reason: 'error', error });

export function asOutcome({ error, reason, exitCode = null, signal = null, busy }: Trouble): Outcome {
  return busy === true ? giveBack('defer', error) : failed({ reason, error, exitCode, signal });
}

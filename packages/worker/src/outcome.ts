import type { FromWorker, WireEnd } from '@switchyard/sdk/worker-wire.ts';

export type GiveBackHow = 'free' | 'defer' | 'reject';

/** How an attempt ended, as a runner says it: run to an end, or handed back with nothing done. */
export type Outcome =
  | (Omit<WireEnd, 'm' | 'task' | 'attempt' | 'logs'> & { readonly giveBack?: undefined })
  | { readonly giveBack: GiveBackHow; readonly why: string };

/** The last message of an attempt: repeated until the server has answered `ended`. */
export type Final = FromWorker & { m: 'end' | 'give-back' };

/** Why an attempt is being ended by us. `lost`: it is not ours any more, nothing is reported. */
export type StopWhy = 'killed' | 'timeout' | 'silence' | 'give-back' | 'lost';

export interface Failure {
  readonly reason: 'exit' | 'signal' | 'start' | 'error' | 'timeout' | 'silence';
  readonly error?: string;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
}

export function failed({ reason, error, exitCode, signal }: Failure): Outcome {
  return { outcome: 'failed', reason, exitCode: exitCode ?? null, signal: signal ?? null, error: error?.slice(0, 4_000) ?? null };
}

export const succeeded: Outcome = { outcome: 'succeeded', reason: null, exitCode: 0, signal: null, error: null };

export function giveBack(how: GiveBackHow, why: string): Outcome {
  return { giveBack: how, why: why.slice(0, 4_000) };
}

import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import { exitCodes } from './exit-codes.ts';
import { onInterrupt } from './interrupt.ts';
import { say } from './output.ts';

export interface Interrupted {
  /** Given when there is no use in waiting any more. */
  readonly leave: AbortSignal;
  /** The exit code that an interruption asks for; null: there was none. */
  readonly code: () => number | null;
}

/** Submits, watches, and cancels the job on Ctrl-C (a second one leaves at once). */
export async function withCancel<T>(
  client: Client,
  submit: () => Promise<JobView>,
  watch: (job: JobView, interrupted: Interrupted) => Promise<T>,
): Promise<T> {
  const leave = new AbortController();
  let job: JobView | null = null;
  let code: number | null = null;
  const cancel = (id: number): void => {
    client.jobs.cancel(id, { kill: true }).catch((error: Error) => {
      say(`switchyard: job ${id} could not be canceled: ${error.message}`);
      leave.abort();
    });
  };
  const forget = onInterrupt((signal) => {
    if (code !== null) return;
    code = signal === 'SIGINT' ? exitCodes.interrupted.code : signal === 'SIGTERM' ? 143 : 129;
    say('switchyard: canceling (again to leave at once)');
    if (job !== null) cancel(job.id);
  });
  try {
    job = await submit();
    if (code !== null) cancel(job.id);
    return await watch(job, { leave: leave.signal, code: () => code });
  } finally {
    forget();
  }
}

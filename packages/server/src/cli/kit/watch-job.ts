import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { hasEnded } from '@switchyard/sdk/client/jobs.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { type Bell, createBell } from './bell.ts';
import { patiently, restartMs } from './patience.ts';

/** At most so often a job is asked for while its tasks move. */
const lookMs = 200;

export type SeeProgress = (progress: ProgressEvent) => void;

/**
 * Calls `show` as the job goes on, until it has ended or `signal` is aborted: changes say when to look, not a timer.
 * `progress` is called with what running tasks say of themselves.
 */
export async function watchJob(
  client: Client,
  id: number,
  show: (job: JobDetail) => void,
  signal: AbortSignal,
  progress?: SeeProgress,
): Promise<JobDetail> {
  const over = new AbortController();
  const bell = createBell();
  const stop = AbortSignal.any([over.signal, signal]);
  stop.addEventListener('abort', bell.ring, { once: true });
  const following = follow(client, id, bell, stop, progress);
  try {
    for (;;) {
      // The first ring is the open stream: what happens after this look will ring again.
      await Promise.race([bell.rung(), following]);
      const job = await patiently(() => client.jobs.show(id), restartMs, stop);
      show(job);
      if (hasEnded(job.state) || signal.aborted) return job;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  } finally {
    over.abort();
    await following.catch(() => {});
  }
}

async function follow(client: Client, job: number, bell: Bell, signal: AbortSignal, progress?: SeeProgress): Promise<void> {
  const wanted = { job, signal, onOpen: bell.ring, ...(progress === undefined ? {} : { progress: true }) };
  for await (const event of client.changes(wanted)) {
    if (event.type === 'progress') progress?.(event.progress);
    else bell.ring();
  }
  bell.ring();
}

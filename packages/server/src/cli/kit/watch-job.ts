import type { Client } from '@switchyard/sdk/client/client.ts';
import { hasEnded } from '@switchyard/sdk/client/jobs.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import { type Bell, createBell } from './bell.ts';
import { patiently, restartMs } from './patience.ts';

/** At most so often a job is asked for while its tasks move. */
const lookMs = 200;

/** Calls `show` as the job goes on, until it has ended or `signal` is aborted: changes say when to look, not a timer. */
export async function watchJob(client: Client, id: number, show: (job: JobView) => void, signal: AbortSignal): Promise<JobView> {
  const over = new AbortController();
  const bell = createBell();
  const stop = AbortSignal.any([over.signal, signal]);
  stop.addEventListener('abort', bell.ring, { once: true });
  const following = follow(client, id, bell, stop);
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

async function follow(client: Client, job: number, bell: Bell, signal: AbortSignal): Promise<void> {
  for await (const _ of client.changes({ job, signal, onOpen: bell.ring })) bell.ring();
  bell.ring();
}

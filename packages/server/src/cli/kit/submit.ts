import { randomUUID } from 'node:crypto';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import type { JobRequest, JobView } from '@switchyard/sdk/job.ts';

const tries = 5;

/**
 * Hands a job in exactly once: under a key of its own, so that it can be asked again when the connection broke before the
 * answer. A server that was never there is told at once.
 */
export async function submitOnce(client: Client, request: JobRequest, key: string = randomUUID()): Promise<JobView> {
  for (let left = tries; ; left--) {
    try {
      return (await client.jobs.submit(request, { key })).job;
    } catch (error) {
      if (!(error instanceof ServerUnreachable) || left <= 1 || refusedAtOnce(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** (tries - left)));
    }
  }
}

function refusedAtOnce(error: Error): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return true;
  if (cause instanceof AggregateError) return cause.errors.every((one) => one instanceof Error && refusedAtOnce(one));
  return cause instanceof Error && refusedAtOnce(cause);
}

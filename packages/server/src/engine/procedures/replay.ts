import { refuse } from '../../domain/errors.ts';
import type { JobId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import { read } from '../../ports/store.ts';
import type { Submitted } from '../commands.ts';
import { seesJob } from './rounds.ts';
import type { ProcedureResult, Reading } from './types.ts';

/** The answer that was given under this key before. One round. `taskIds` is the first only; `submitJob` makes the others of it. */
export function* replay(known: { hash: string; job: JobId }, hash: string, by: Principal): Reading<ProcedureResult<Submitted>> {
  if (known.hash !== hash) {
    return refuse('key_reused', `This Idempotency-Key was used for job ${known.job} with another request; use a new key`);
  }
  const { job } = yield* read({ job: { read: 'job', of: known.job } });
  if (job === null || !seesJob(by, job)) return refuse('gone', `Job ${known.job} of this Idempotency-Key has been deleted`);
  const answer = { job, taskIds: [job.firstTask], replayed: true, started: null };
  return { answer: { answer, told: [] }, writes: [], changes: [] };
}

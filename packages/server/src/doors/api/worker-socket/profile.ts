import type { WorkerProfile } from '../../../domain/worker.ts';

/** Our worker keeps its tasks over a broken connection, comes back, and counts its own room. */
export const profile: WorkerProfile = {
  graceMs: 15_000,
  connection: false,
  leaseMs: 15_000,
  ephemeral: false,
  room: 'counted',
  suspends: true,
};

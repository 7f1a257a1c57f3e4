import type { Desk } from './desk.ts';
import type { Fleet } from './fleet.ts';
import type { KnownWorker } from './known-worker.ts';
import { housekeeping, lookup } from './principals.ts';

/** Other entries that look like the same machine: it was registered anew (flamenco §8 B14), or two workers run on it. */
export function twinsOf(fleet: Fleet, { id, name, platformText, address }: KnownWorker): KnownWorker[] {
  return [...fleet.all()].filter(
    (other) => other.id !== id && other.name === name && other.platformText === platformText && other.address === address,
  );
}

/** The older entry goes; its sleep schedule goes over to the other, unless that has its own. */
export async function merge(desk: Desk, old: KnownWorker, into: KnownWorker): Promise<boolean> {
  const { engine, log } = desk;
  const schedule = engine.sleepSchedules.of(old.id);
  if (schedule !== null && engine.sleepSchedules.of(into.id) === null) {
    await engine.sleepSchedules.set(housekeeping, into.id, schedule.schedule);
  }
  const forgotten = await engine.command(housekeeping, 'forget', { worker: old.id, force: false });
  if (forgotten.refusal === undefined) log.info({ worker: old.id, into: into.id, name: old.name }, 'flamenco:merged');
  return forgotten.refusal === undefined;
}

/** Entries that nobody stands behind any more: a twin is online in their place, or they have been gone for too long. */
export async function tidy(desk: Desk): Promise<void> {
  const { engine, fleet, clock, limits, settings } = desk;
  const now = clock.now();
  for (const row of await engine.query.workers(lookup)) {
    const worker = fleet.get(row.id);
    if (worker === null || row.status !== 'offline' || row.holding > 0) continue;
    const gone = now - row.seenAt;
    const twin = twinsOf(fleet, worker).find(({ status }) => status === 'online');
    if (twin !== undefined && gone >= limits.twinMs) await merge(desk, worker, twin);
    else if (settings.cleanupMs > 0 && gone >= settings.cleanupMs) {
      await engine.command(housekeeping, 'forget', { worker: row.id, force: false });
    }
  }
}

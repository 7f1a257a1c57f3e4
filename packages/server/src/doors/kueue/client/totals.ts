import { noCounts } from '../../../domain/counts.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Tally } from '../../../domain/rows.ts';
import type { Desk } from '../desk.ts';
import type { Bodies, toClient } from '../messages.ts';

export type Totals = Omit<Bodies<typeof toClient>['JobList'], 'job_infos'>;

/** From kept counters: nothing is counted by looking at jobs. */
export async function totalsOf(desk: Desk, by: Principal): Promise<Totals> {
  const { query } = desk.engine;
  const [tallies, seconds] = await Promise.all([query.tallies(by), query.runningSeconds('shell')]);
  const tally = tallies.find(({ kind }) => kind === 'shell');
  return totals(tally ?? { kind: 'shell', counts: noCounts, finishedRuns: 0, finishedSeconds: 0 }, seconds);
}

/** The numbers of kueue §6.10. What is stopping counts as canceled: that is what it shows as, but for time-outs. */
export function totals(
  { counts, finishedRuns, finishedSeconds }: Tally,
  running: { sum: number; min: number; max: number },
): Totals {
  const pending = counts.waiting + counts.ready;
  const active = counts.running + counts.suspended;
  const mean = averageOf(finishedRuns, finishedSeconds, active, running);
  return {
    jobs_pending: pending,
    jobs_offered: counts.offered,
    jobs_running: active,
    jobs_succeeded: counts.succeeded,
    jobs_failed: counts.failed,
    jobs_canceled: counts.canceled + counts.stopping,
    job_avg_run_time_seconds: mean,
    remaining_jobs_eta_seconds: etaOf(mean, pending, active, running.min),
  };
}

function averageOf(runs: number, seconds: number, active: number, running: { sum: number; max: number }): number {
  if (runs === 0) return Math.max(0, Math.trunc(running.max));
  return Math.max(Math.trunc(seconds / runs), Math.trunc((seconds + running.sum) / (runs + active)));
}

function etaOf(mean: number, pending: number, active: number, least: number): number {
  const first = active > 0 ? Math.max(0, mean - least) : 0;
  if (pending > active) return first + (active > 0 ? Math.trunc((pending * mean) / active) : pending * mean);
  return first + (pending > 0 ? mean : 0);
}

import type { JobView } from '@switchyard/sdk/job.ts';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { WorkerActions } from '../../parts/worker-actions.tsx';
import { hrefOf } from '../../route.ts';
import { agoText } from '../../words/time.ts';

const mostShown = 6;

/** What needs somebody, before anything else: workers that are lost or wait to be let in, jobs that failed lately. */
export function Problems() {
  const { client } = useYard();
  const mayWorkers = useMay('worker:read');
  const failed = useLiveQuery({
    key: ['overview', 'failed'],
    read: () => client.jobs.list({ state: ['failed'], limit: mostShown }),
    touched: ({ jobs, deleted }) => jobs.size > 0 || deleted.size > 0,
    restMs: 2_000,
  });
  const workers = useLiveQuery({
    key: ['workers'],
    read: () => client.workers.list(),
    touched: (batch) => batch.workers.size > 0,
    enabled: mayWorkers,
    restMs: 1_000,
  });
  const troubled = (workers.data ?? []).filter(
    ({ status, mode }) => status === 'lost' || status === 'pending' || mode === 'error',
  );
  const jobs = failed.data?.jobs ?? [];
  if (troubled.length === 0 && jobs.length === 0)
    return <p className="good-text">No problems: no job has ended badly, no worker is lost.</p>;
  return (
    <section aria-label="Problems" className="problems">
      <h2>Problems</h2>
      <ul>
        {troubled.slice(0, mostShown).map((worker) => (
          <li key={worker.id} className="bar">
            <StateBadge state={worker.status === 'online' ? worker.mode : worker.status} />
            <a href={hrefOf('worker', [worker.id])}>{worker.name}</a>
            <span className="dim">seen {agoText(worker.seenAt, Date.now())}</span>
            <span className="grow" />
            <WorkerActions worker={worker} />
          </li>
        ))}
        {jobs.map((job) => (
          <FailedJob key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}

function FailedJob({ job: { id, name, counts, total, endedAt } }: { job: JobView }) {
  return (
    <li className="bar">
      <StateBadge state="failed" />
      <a href={hrefOf('job', [id])}>{name}</a>
      <span className="dim">
        {counts.failed} of {total} tasks failed, {agoText(endedAt, Date.now())}
      </span>
    </li>
  );
}

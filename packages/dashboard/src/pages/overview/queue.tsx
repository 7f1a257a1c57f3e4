import type { JobView } from '@switchyard/sdk/job.ts';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { CountBar } from '../../parts/count-bar.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { hrefOf } from '../../route.ts';

const mostShown = 8;

/** What runs and what waits, and why. */
export function Queue() {
  const { client } = useYard();
  const jobs = useLiveQuery({
    key: ['overview', 'queue'],
    read: () => client.jobs.list({ state: ['active', 'waiting', 'held', 'canceling'], limit: mostShown }),
    touched: ({ jobs: moved, created, deleted }) => moved.size + created.size + deleted.size > 0,
    restMs: 1_500,
  });
  const rows = jobs.data?.jobs ?? [];
  return (
    <section aria-label="Queue">
      <h2>Now</h2>
      {rows.length === 0 && <p className="dim">Nothing runs and nothing waits.</p>}
      <ul className="queue">
        {rows.map((job) => (
          <li key={job.id}>
            <StateBadge state={job.state} />
            <a href={hrefOf('job', [job.id])}>{job.name}</a>
            <CountBar counts={job.counts} total={job.total} />
            <Why job={job} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Why({ job }: { job: JobView }) {
  const { client } = useYard();
  const waits = job.counts.running === 0 && job.state !== 'canceling';
  const why = useLiveQuery({
    key: ['job', job.id, 'why'],
    read: () => client.jobs.why(job.id),
    touched: (batch) => batch.jobs.has(job.id) || batch.workers.size > 0 || batch.pools,
    enabled: waits,
    restMs: 2_000,
  });
  if (!waits) return <span className="dim">{job.counts.running} running</span>;
  return <span className="dim">{why.data?.causes[0]?.text ?? ''}</span>;
}

import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { WhyList } from '../../parts/why-list.tsx';

/** Why a job that waits does so, in words; looked at again when anything in the yard moves. */
export function WhyBox({ job }: { job: number }) {
  const { client } = useYard();
  const why = useLiveQuery({
    key: ['job', job, 'why'],
    read: () => client.jobs.why(job),
    touched: (batch) => batch.jobs.has(job) || batch.tasksOf.size > 0 || batch.workers.size > 0 || batch.pools,
    restMs: 2_000,
  });
  const { causes, waiting, free } = why.data ?? { causes: [], waiting: 0, free: 0 };
  if (waiting === 0) return null;
  return (
    <aside className="why-box" aria-label="Why it waits">
      <strong>Why does it wait?</strong>
      {causes.length === 0 ? <p>Nothing keeps it: it is about to start.</p> : <WhyList causes={causes} />}
      {free > 0 && causes.length > 0 && <p className="dim">{free} of its tasks are free to start.</p>}
    </aside>
  );
}

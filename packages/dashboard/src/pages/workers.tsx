import { useLiveQuery } from '../data/use-live-query.ts';
import { useYard } from '../data/yard.tsx';
import { ProblemBox } from '../parts/problem.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { agoText } from '../words/time.ts';

export function WorkersPage() {
  const { client } = useYard();
  const workers = useLiveQuery({
    key: ['workers'],
    read: () => client.workers.list(),
    touched: (batch) => batch.workers.size > 0,
  });
  if (workers.error !== null && workers.data === undefined)
    return <ProblemBox error={workers.error} again={() => void workers.refetch()} />;
  return (
    <section className="page">
      <h1>Workers</h1>
      <div className="cards">
        {(workers.data ?? []).map((worker) => (
          <article key={worker.id} className="card">
            <h2>
              {worker.name} <span className="dim">#{worker.id}</span>{' '}
              <StateBadge state={worker.status === 'online' ? worker.mode : worker.status} />
            </h2>
            <p>{worker.kinds.join(', ')}</p>
            <p>
              {worker.holding} tasks · {worker.room.slots} of {worker.total.slots} slots free
            </p>
            <p className="dim">seen {agoText(worker.seenAt, Date.now())}</p>
          </article>
        ))}
      </div>
    </section>
  );
}

import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { hrefOf } from '../../route.ts';
import { Charts } from './charts.tsx';
import { NewestImage } from './newest-image.tsx';
import { Problems } from './problems.tsx';
import { Queue } from './queue.tsx';

export function OverviewPage() {
  const { client } = useYard();
  const stats = useLiveQuery({ key: ['stats'], read: () => client.stats(), touched: () => true, restMs: 1_000 });
  if (stats.error !== null && stats.data === undefined)
    return <ProblemBox error={stats.error} again={() => void stats.refetch()} />;
  if (stats.data === undefined) return <p className="dim">Reading…</p>;
  const { tasks, workers } = stats.data;
  const tiles = [
    ['running', tasks.running + tasks.suspended + tasks.stopping, hrefOf('jobs', [], { state: 'active' })],
    ['waiting', tasks.waiting + tasks.ready + tasks.offered, hrefOf('jobs', [], { state: 'waiting' })],
    ['failed', tasks.failed, hrefOf('jobs', [], { state: 'failed' })],
    ['succeeded', tasks.succeeded, hrefOf('jobs', [], { state: 'succeeded' })],
    ['workers online', workers.online, hrefOf('workers')],
    ['workers busy', workers.busy, hrefOf('workers')],
  ] as const;
  return (
    <section className="page">
      <h1>Overview</h1>
      <div className="tiles">
        {tiles.map(([title, count, href]) => (
          <a key={title} className="tile" href={href}>
            <strong>{count}</strong>
            <span>{title}</span>
          </a>
        ))}
      </div>
      <Problems />
      <Queue />
      <Charts />
      <NewestImage />
    </section>
  );
}

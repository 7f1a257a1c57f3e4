import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { WorkerActions } from '../../parts/worker-actions.tsx';
import { go, hrefOf, type Route } from '../../route.ts';
import { agoText } from '../../words/time.ts';
import { HeldTasks } from '../job/held-tasks.tsx';
import { shownState } from '../workers.tsx';
import { Blocks } from './blocks.tsx';
import { Sleep } from './sleep.tsx';

export function WorkerPage({ route }: { route: Route }) {
  const id = Number(route.rest[0]);
  const { client } = useYard();
  const worker = useLiveQuery({
    key: ['worker', id],
    read: () => client.workers.show(id),
    touched: (batch) => batch.workers.has(id),
  });
  if (worker.data === undefined) {
    return worker.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={worker.error} again={() => go(hrefOf('workers'))} />
    );
  }
  const { name, kinds, tags, total, room, info, seenAt, owner } = worker.data;
  const facts: readonly (readonly [string, string])[] = [
    ['runs', kinds.join(', ')],
    ['tags', tags.join(', ')],
    ['slots', `${room.slots} of ${total.slots} free`],
    ['CPUs', total.cpus > 0 ? `${room.cpus} of ${total.cpus} free` : ''],
    ['memory', total.ramMb > 0 ? `${room.ramMb} of ${total.ramMb} MB free` : ''],
    ['owner', owner],
    ['seen', agoText(seenAt, Date.now())],
    ...Object.entries(info).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const),
  ];
  return (
    <section className="page">
      <header className="bar">
        <h1>
          {name} <span className="dim">#{id}</span>
        </h1>
        <StateBadge state={shownState(worker.data)} />
        <span className="grow" />
        <WorkerActions worker={worker.data} />
      </header>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <h2>Tasks it holds</h2>
      <HeldTasks worker={id} />
      <h2>Sleep</h2>
      <Sleep worker={id} />
      <h2>Jobs it may not try</h2>
      <Blocks worker={id} />
    </section>
  );
}

import type { WorkerView } from '@switchyard/sdk/worker.ts';
import { useLiveQuery } from '../data/use-live-query.ts';
import { useYard } from '../data/yard.tsx';
import { ProblemBox } from '../parts/problem.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { WorkerActions } from '../parts/worker-actions.tsx';
import { hrefOf, type Route, replaceQuery } from '../route.ts';
import { agoText } from '../words/time.ts';

/** What people want to know first: is it there, and may it work. */
export function shownState({ status, mode }: WorkerView): string {
  return status === 'online' ? mode : status;
}

export function WorkersPage({ route }: { route: Route }) {
  const { client } = useYard();
  const { name = '' } = route.query;
  const workers = useLiveQuery({
    key: ['workers'],
    read: () => client.workers.list(),
    touched: (batch) => batch.workers.size > 0,
  });
  if (workers.data === undefined) {
    return workers.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={workers.error} again={() => void workers.refetch()} />
    );
  }
  const shown = workers.data.filter((worker) => worker.name.toLowerCase().includes(name.toLowerCase()));
  return (
    <section className="page">
      <header className="bar">
        <h1>Workers</h1>
        <input
          type="search"
          aria-label="Name contains"
          placeholder="Name contains…"
          defaultValue={name}
          onChange={({ target }) => replaceQuery(route, target.value === '' ? {} : { name: target.value })}
        />
        <span className="dim">
          {shown.length} of {workers.data.length}
        </span>
      </header>
      {workers.data.length === 0 && (
        <p className="dim">No worker is known. On another machine: curl -O {location.origin}/worker.mjs</p>
      )}
      <div className="cards">
        {shown.map((worker) => (
          <WorkerCard key={worker.id} worker={worker} />
        ))}
      </div>
    </section>
  );
}

function WorkerCard({ worker }: { worker: WorkerView }) {
  const { id, name, kinds, tags, holding, room, total, wanted, seenAt } = worker;
  const used = total.slots - room.slots;
  return (
    <article className="card">
      <h2>
        <a href={hrefOf('worker', [id])}>{name}</a> <StateBadge state={shownState(worker)} />
      </h2>
      {wanted !== null && <p className="hold-text">asked to become: {wanted.mode}</p>}
      <p>
        <meter min={0} max={Math.max(1, total.slots)} value={used} aria-label={`Slots of ${name} in use`} /> {used} of{' '}
        {total.slots} slots, {holding} tasks
      </p>
      <p className="dim">
        {total.cpus > 0 && `${total.cpus} CPUs, `}
        {total.ramMb > 0 && `${Math.round(total.ramMb / 1_024)} GiB, `}
        {kinds.join(', ')}
        {tags.length > 0 && `; tags: ${tags.join(', ')}`}
      </p>
      <footer className="bar">
        <span className="dim">seen {agoText(seenAt, Date.now())}</span>
        <span className="grow" />
        <WorkerActions worker={worker} />
      </footer>
    </article>
  );
}

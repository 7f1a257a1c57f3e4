import { useQuery } from '@tanstack/react-query';
import { useYard } from '../data/yard.tsx';
import { ProblemBox } from '../parts/problem.tsx';

/** Who can come in and how; connections are counted by the server and asked for while somebody looks. */
export function DoorsPage() {
  const { client } = useYard();
  const doors = useQuery({ queryKey: ['doors'], queryFn: () => client.doors(), refetchInterval: 3_000 });
  if (doors.data === undefined) {
    return doors.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={doors.error} again={() => void doors.refetch()} />
    );
  }
  return (
    <section className="page">
      <h1>Doors</h1>
      <div className="cards wide">
        {doors.data.map(({ name, title, connections, notes, figures }) => (
          <article key={name} className="card">
            <h2>
              {title} <span className="dim">{name}</span>
            </h2>
            <p>
              <strong>{connections}</strong> connected
            </p>
            <ul className="notes">
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
            {figures !== undefined && Object.keys(figures).length > 0 && (
              <dl className="facts">
                {Object.entries(figures).map(([key, value]) => (
                  <div key={key}>
                    <dt>{key.replaceAll('_', ' ')}</dt>
                    <dd className="number">{value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </article>
        ))}
      </div>
    </section>
  );
}

import type { SeriesView } from '@switchyard/sdk/series.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useYard } from '../../data/yard.tsx';
import { type ChartLine, TimeChart } from '../../parts/time-chart.tsx';

const points = 500;
const mostCharts = 6;

/** The numbers that a task leaves while it runs (energies of a simulation), each over the first column. */
export function SeriesCharts({ task }: { task: Pick<TaskView, 'id' | 'attempt' | 'state'> }) {
  const { client } = useYard();
  const { data } = useQuery({
    queryKey: ['task', task.id, 'series', task.attempt],
    queryFn: () => client.tasks.series(task.id, { points }),
    // What it writes into its log is no change of the yard: asked for while somebody looks and it runs.
    refetchInterval: ({ state }) => (state.data?.ended === true ? false : 3_000),
  });
  if (data === undefined) return <p className="dim">Reading…</p>;
  if (data.rows.length === 0) return <p className="dim">It has left no numbers yet.</p>;
  return (
    <div className="cards wide">
      {data.columns.slice(1, 1 + mostCharts).map((name, index) => (
        <SeriesChart key={name} series={data} name={name} column={index + 1} />
      ))}
    </div>
  );
}

function SeriesChart({ series, name, column }: { series: SeriesView; name: string; column: number }) {
  const over = series.columns[0] ?? 'step';
  const lines = useMemo((): readonly ChartLine[] => [{ label: name, colour: '--main' }], [name]);
  const data = useMemo(
    () => [series.rows.map((row) => row[0] ?? null), series.rows.map((row) => row[column] ?? null)],
    [series, column],
  );
  return (
    <figure className="card">
      <figcaption>
        {name} <span className="dim">over {over}</span>
      </figcaption>
      <TimeChart label={`${name} over ${over}`} lines={lines} over={over} tight data={data as never} />
    </figure>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useYard } from '../../data/yard.tsx';
import { type ChartLine, TimeChart } from '../../parts/time-chart.tsx';
import { durationText } from '../../words/time.ts';

const work: readonly ChartLine[] = [
  { label: 'running', colour: '--busy', fill: true },
  { label: 'waiting', colour: '--hold' },
];
const rate: readonly ChartLine[] = [
  { label: 'succeeded a minute', colour: '--good', fill: true },
  { label: 'failed a minute', colour: '--bad' },
];
const wait: readonly ChartLine[] = [
  { label: 'median', colour: '--main', fill: true },
  { label: 'slowest', colour: '--hold' },
];

/** The last hour, as the server remembers it: asked for again with every step, not more often. */
export function Charts() {
  const { client } = useYard();
  const { data } = useQuery({
    queryKey: ['history'],
    queryFn: () => client.history(),
    refetchInterval: ({ state }) => state.data?.stepMs ?? 5_000,
  });
  const points = data?.points ?? [];
  const perMinute = 60_000 / (data?.stepMs ?? 5_000);
  const series = useMemo(() => {
    const at = points.map((point) => Date.parse(point.at) / 1_000);
    return {
      work: [at, points.map(({ running }) => running), points.map(({ waiting }) => waiting)],
      rate: [at, points.map(({ succeeded }) => succeeded * perMinute), points.map(({ failed }) => failed * perMinute)],
      wait: [at, points.map(({ startMedianMs }) => startMedianMs), points.map(({ startSlowestMs }) => startSlowestMs)],
    };
  }, [points, perMinute]);
  if (points.length < 2) return null;
  return (
    <div className="cards wide">
      <figure className="card">
        <figcaption>Tasks</figcaption>
        <TimeChart label="Tasks running and waiting in the last hour" lines={work} data={series.work as never} />
      </figure>
      <figure className="card">
        <figcaption>Throughput</figcaption>
        <TimeChart label="Tasks ended a minute in the last hour" lines={rate} data={series.rate as never} />
      </figure>
      <figure className="card">
        <figcaption>Time to start</figcaption>
        <TimeChart
          label="How long tasks waited for their start in the last hour"
          lines={wait}
          data={series.wait as never}
          unit={durationText}
        />
      </figure>
    </div>
  );
}

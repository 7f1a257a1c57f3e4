import type { HubView } from '@switchyard/sdk/hub.ts';
import { useEffect, useMemo, useState } from 'react';
import { type ChartLine, TimeChart } from '../../parts/time-chart.tsx';
import { addCounts, noCounts, ratesOf } from './rates.ts';

const lines: readonly ChartLine[] = [
  { label: 'messages a second', colour: '--main', fill: true },
  { label: 'deliveries a second', colour: '--hold' },
];

/** Messages a second since this page was opened. `at`: when `hub` was read, ms. */
export function MessageRate({ hub: { messages, deliveries }, at }: { hub: HubView; at: number }) {
  const [counts, setCounts] = useState(noCounts);
  useEffect(() => setCounts((now) => addCounts(now, { at: at / 1_000, messages, deliveries })), [at, messages, deliveries]);
  const data = useMemo(() => ratesOf(counts), [counts]);
  return (
    <figure className="card">
      <figcaption>
        Messages: <span className="number">{messages}</span> received, <span className="number">{deliveries}</span> handed on
      </figcaption>
      {data[0].length > 1 && <TimeChart label="Messages a second" lines={lines} data={data as never} />}
    </figure>
  );
}

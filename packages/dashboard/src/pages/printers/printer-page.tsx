import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { useEffect, useMemo, useState } from 'react';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { type ChartLine, TimeChart } from '../../parts/time-chart.tsx';
import type { Route } from '../../route.ts';
import { agoText } from '../../words/time.ts';
import { PrinterConsole } from './console.tsx';
import { Heaters, PrintProgress } from './print-progress.tsx';
import { PrinterActions, StopButton } from './printer-actions.tsx';
import { addTemperatures, noTemperatures } from './temperatures.ts';
import { usePrinter } from './use-printers.ts';

export function PrinterPage({ route }: { route: Route }) {
  const id = Number(route.rest[0]);
  const printer = usePrinter(id);
  const may = useMay('print');
  if (printer.data === undefined) {
    return printer.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={printer.error} again={() => void printer.refetch()} />
    );
  }
  const { name, state, live, seenAt } = printer.data;
  return (
    <section className="page">
      <header className="bar stays">
        <h1>
          {name} <span className="dim">#{id}</span>
        </h1>
        <StateBadge state={state} />
        <span className="dim">seen {agoText(seenAt, Date.now())}</span>
        <span className="grow" />
        <StopButton printer={printer.data} />
      </header>
      <div className="bar">
        <PrinterActions printer={printer.data} />
      </div>
      {live?.lastError != null && <p className="bad-text">{live.lastError}</p>}
      <PrintProgress printer={printer.data} />
      <Heaters printer={printer.data} />
      <TemperatureChart key={id} printer={printer.data} at={printer.dataUpdatedAt} />
      {may && <GateAndTags key={printer.data.tags.join()} printer={printer.data} />}
      {may && <PrinterConsole printer={printer.data} />}
    </section>
  );
}

const colours = ['--bad', '--busy', '--hold', '--good', '--main'] as const;

/** Since this page was opened: live values are never stored. `at`: when they were read, ms. */
function TemperatureChart({ printer: { live, name }, at }: { printer: PrinterView; at: number }) {
  const [seen, setSeen] = useState(noTemperatures);
  useEffect(() => {
    if (live !== null) setSeen((now) => addTemperatures(now, live.heaters, at / 1_000));
  }, [live, at]);
  const names = seen.names.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for the array.
  const lines = useMemo(
    (): readonly ChartLine[] =>
      seen.names.map((label, index) => ({ label, colour: colours[index % colours.length] ?? '--main' })),
    [names],
  );
  const data = useMemo(() => [seen.at, ...seen.actual], [seen]);
  if (lines.length === 0) return null;
  return (
    <figure className="card">
      <figcaption>Temperatures</figcaption>
      <TimeChart
        label={`Temperatures of ${name}`}
        lines={lines}
        data={data as never}
        unit={(value) => `${Math.round(value)} °C`}
      />
    </figure>
  );
}

function GateAndTags({ printer: { id, gate, tags } }: { printer: PrinterView }) {
  const { client } = useYard();
  const [text, setText] = useState(tags.join(' '));
  const waits = gate !== 'none';
  return (
    <div className="bar">
      <Action
        run={async () => {
          await client.printers.setGate(id, !waits);
          return waits ? 'It takes the next print by itself' : 'It waits after each print until the plate is clear';
        }}
      >
        {waits ? 'Do not wait for a clear plate' : 'Wait for a clear plate'}
      </Action>
      <input
        aria-label="Tags"
        placeholder="pla nozzle:0.4 volume:250x210x220"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <Action
        run={async () => {
          await client.printers.setTags(
            id,
            text.split(/\s+/).filter((tag) => tag !== ''),
          );
          return 'Its tags are set';
        }}
      >
        Set tags
      </Action>
    </div>
  );
}

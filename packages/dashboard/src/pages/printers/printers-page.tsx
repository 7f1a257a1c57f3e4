import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { ProblemBox } from '../../parts/problem.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { hrefOf } from '../../route.ts';
import { Heaters, PrintProgress } from './print-progress.tsx';
import { PrinterActions, StopButton } from './printer-actions.tsx';
import { usePrinters } from './use-printers.ts';

export function PrintersPage() {
  const printers = usePrinters();
  if (printers.data === undefined) {
    return printers.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={printers.error} again={() => void printers.refetch()} />
    );
  }
  return (
    <section className="page">
      <h1>Printers</h1>
      {printers.data.length === 0 && (
        <p className="dim">
          No printer is known. On the machine beside it: <code>switchyard printer-agent</code>
        </p>
      )}
      <div className="cards wide">
        {printers.data.map((printer) => (
          <PrinterCard key={printer.id} printer={printer} />
        ))}
      </div>
    </section>
  );
}

function PrinterCard({ printer }: { printer: PrinterView }) {
  const { id, name, state, tags, live } = printer;
  return (
    <article className="card">
      <header className="bar">
        <h2>
          <a href={hrefOf('printer', [id])}>{name}</a>
        </h2>
        <StateBadge state={state} />
        <span className="grow" />
        <StopButton printer={printer} />
      </header>
      {live?.lastError != null && <p className="bad-text">{live.lastError}</p>}
      <Heaters printer={printer} />
      <PrintProgress printer={printer} />
      <p className="dim">{tags.join(', ')}</p>
      <footer className="bar">
        <PrinterActions printer={printer} />
      </footer>
    </article>
  );
}

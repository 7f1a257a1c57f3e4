import type { CauseView } from '@switchyard/sdk/why.ts';
import { timeText } from '../words/time.ts';

/** What keeps it, the most important first; nothing when the next claim takes it. */
export function WhyList({ causes }: { causes: readonly (CauseView & { readonly tasks?: number })[] }) {
  return (
    <ul className="why">
      {causes.map((cause) => (
        <li key={cause.code + cause.text}>
          {cause.text}
          {cause.until !== null && <span className="dim"> until {timeText(cause.until)}</span>}
          {cause.tasks !== undefined && cause.tasks > 1 && <span className="dim"> ({cause.tasks} tasks)</span>}
        </li>
      ))}
    </ul>
  );
}

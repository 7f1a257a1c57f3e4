import type { Counts } from '@switchyard/sdk/job.ts';
import { lookOf } from '../words/states.ts';

const order = ['succeeded', 'failed', 'canceled', 'stopping', 'running', 'suspended', 'offered', 'ready', 'waiting'] as const;

/** All tasks of a job as one bar, ended ones first. */
export function CountBar({ counts, total }: { counts: Counts; total: number }) {
  const parts = order.filter((state) => counts[state] > 0);
  const text = parts.map((state) => `${counts[state]} ${state}`).join(', ');
  return (
    <span className="count-bar" role="img" aria-label={text} title={text}>
      {parts.map((state) => (
        <span key={state} className={lookOf(state)} style={{ flexGrow: counts[state] / Math.max(1, total) }} />
      ))}
    </span>
  );
}

import type { ProgressView } from '@switchyard/sdk/task.ts';

/** How far something is: a bar where the whole is known, else words. */
export function ProgressBar({ value, label }: { value: ProgressView | null; label: string }) {
  if (value === null) return null;
  const { done, total, unit, phase } = value;
  const words = [phase, total === null ? `${done} ${unit ?? ''}` : `${done} of ${total} ${unit ?? ''}`]
    .filter(Boolean)
    .join(': ');
  if (total === null || total <= 0) return <span className="dim">{words}</span>;
  return <progress max={total} value={Math.min(done, total)} aria-label={label} title={words} />;
}

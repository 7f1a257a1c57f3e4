import { lookOf } from '../words/states.ts';

export function StateBadge({ state, title }: { state: string; title?: string | undefined }) {
  return (
    <span className={`badge ${lookOf(state)}`} title={title}>
      {state}
    </span>
  );
}

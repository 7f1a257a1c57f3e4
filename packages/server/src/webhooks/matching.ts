import type { Change } from '../domain/change.ts';
import type { JobId } from '../domain/ids.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Webhook } from './record.ts';

type Labels = Readonly<Record<string, string>>;

/** Jobs whose labels are remembered. They never change; a job that was deleted is known for as long as it is remembered. */
const mostRemembered = 5_000;

/** Labels of jobs, for webhooks that ask for one. */
export function createLabels(query: Pick<Engine['query'], 'job'>): (job: JobId) => Promise<Labels | null> {
  const known = new Map<JobId, Labels>();
  return async (job) => {
    const labels = known.get(job);
    if (labels !== undefined) return labels;
    const { value } = await query.job(system, job);
    if (value === undefined) return null;
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= mostRemembered) known.delete(oldest);
    known.set(job, value.labels);
    return value.labels;
  };
}

/** What its owner may see has been cut out before. */
export async function matching(
  { owner, label, states }: Webhook,
  changes: readonly Change[],
  labelsOf: (job: JobId) => Promise<Labels | null>,
): Promise<Change[]> {
  const found: Change[] = [];
  for (const change of changes) {
    if (owner !== null && change.owner !== owner) continue;
    if (states.length > 0 && change.kind === 'job.changed' && !states.includes(stateOf(change))) continue;
    if (label !== null) {
      const labels = change.job === null ? null : await labelsOf(change.job);
      if (labels?.[label.name] !== label.value) continue;
    }
    found.push(change);
  }
  return found;
}

function stateOf({ json }: Change): string {
  const { state } = JSON.parse(json) as { state?: unknown };
  return typeof state === 'string' ? state : '';
}

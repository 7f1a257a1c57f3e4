import type { ClassSpec } from '../../domain/needs.ts';
import type { Queries } from '../../ports/store.ts';
import type { QueueLine } from '../queries.ts';

/** Lines shown apart, and classes looked at: what a reader of metrics can bear. */
const mostLines = 32;
const mostClasses = 200;
const mostEach = 10_000;

/** The queue by class. Classes that look alike to people (other owners, other jobs with a blocklist) share a line. */
export async function readQueue(query: Pick<Queries, 'queue'>): Promise<QueueLine[]> {
  const lines = new Map<string, number>();
  for (const { class: one, ready } of await query.queue(mostClasses, mostEach)) {
    const label = labelOf(one.spec);
    lines.set(label, (lines.get(label) ?? 0) + ready);
  }
  const sorted = [...lines].map(([label, ready]) => ({ label, ready })).sort((a, b) => b.ready - a.ready);
  const rest = sorted.slice(mostLines).reduce((sum, { ready }) => sum + ready, 0);
  return rest === 0 ? sorted : [...sorted.slice(0, mostLines), { label: 'other', ready: rest }];
}

/** What it needs beyond one slot. */
function labelOf({ kind, tags, amounts, pools, pin }: ClassSpec): string {
  const parts: string[] = [kind];
  if (amounts.slots > 1) parts.push(`slots=${amounts.slots}`);
  if (amounts.cpus > 1) parts.push(`cpus=${amounts.cpus}`);
  if (amounts.ramMb > 0) parts.push(`ramMb=${amounts.ramMb}`);
  for (const [name, amount] of Object.entries(amounts.named)) parts.push(`${name}=${amount}`);
  for (const [name, amount] of Object.entries(pools)) parts.push(`pool:${name}=${amount}`);
  for (const tag of tags) parts.push(`tag:${tag}`);
  if (pin !== null) parts.push(`worker=${pin}`);
  return parts.join(' ');
}

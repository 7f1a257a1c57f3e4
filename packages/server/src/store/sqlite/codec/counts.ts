import type { Counts } from '../../../domain/counts.ts';

/** `1,0,0,0,0,0,0,0,0`: in the order of the task states' codes. Text, because it is written whole and never searched. */
export function countsText(counts: Counts): string {
  return (
    `${counts.waiting},${counts.ready},${counts.offered},${counts.running},${counts.suspended},` +
    `${counts.stopping},${counts.succeeded},${counts.failed},${counts.canceled}`
  );
}

export function countsOf(text: string): Counts {
  const parts = text.split(',');
  const at = (index: number): number => Number(parts[index] ?? 0);
  return {
    waiting: at(0),
    ready: at(1),
    offered: at(2),
    running: at(3),
    suspended: at(4),
    stopping: at(5),
    succeeded: at(6),
    failed: at(7),
    canceled: at(8),
  };
}

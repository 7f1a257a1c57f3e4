import type { Counts } from '@switchyard/sdk/job.ts';
import type { Style } from './output.ts';

const styles: Readonly<Record<string, Style>> = {
  succeeded: 'green',
  failed: 'red',
  canceled: 'yellow',
  canceling: 'yellow',
  stopping: 'yellow',
  active: 'cyan',
  running: 'cyan',
  offered: 'cyan',
  suspended: 'magenta',
  held: 'magenta',
  online: 'green',
  lost: 'red',
  offline: 'dim',
  pending: 'yellow',
};

export function stateStyle(state: string): Style | null {
  return styles[state] ?? null;
}

/** `3 running, 97 waiting`: what is not zero, in the order of life. */
export function countsText(counts: Counts): string {
  const parts = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${n} ${state}`);
  return parts.length === 0 ? '-' : parts.join(', ');
}

export function endedOf(counts: Counts): number {
  return counts.succeeded + counts.failed + counts.canceled;
}

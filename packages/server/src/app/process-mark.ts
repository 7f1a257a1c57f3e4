import { alive, startMark } from '@switchyard/worker/proc.ts';

/** One process for all time: its number alone may be used again. */
export interface ProcessMark {
  readonly pid: number;
  readonly start: string | null;
}

export function markOf(pid: number): ProcessMark {
  return { pid, start: startMark(pid) };
}

/** Does exactly this process still live? */
export function lives(mark: ProcessMark): boolean {
  if (!alive(mark.pid)) return false;
  const now = startMark(mark.pid);
  return now !== null && (mark.start === null || mark.start === now);
}

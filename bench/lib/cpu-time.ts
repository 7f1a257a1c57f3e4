import { readdirSync, readFileSync } from 'node:fs';

/** Processor time so far of these processes and of their children (living, or waited for), ms; NaN where there is no /proc. */
export function cpuTime(pids: readonly number[]): number {
  try {
    const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (timesOf(name) ?? []) : []));
    const ours = all.filter(({ pid, parent }) => pids.includes(pid) || pids.includes(parent));
    return ours.reduce((sum, { ms }) => sum + ms, 0);
  } catch {
    return Number.NaN;
  }
}

/** Runs it and tells how much processor time these processes used for each of `count`, µs. */
export async function withCpu<T>(
  pids: readonly number[],
  run: () => Promise<T>,
  countOf: (result: T) => number,
): Promise<{ result: T; cpuUs: number }> {
  const before = cpuTime(pids);
  const result = await run();
  return { result, cpuUs: ((cpuTime(pids) - before) * 1_000) / countOf(result) };
}

const tickMs = 10;

function timesOf(name: string): { pid: number; parent: number; ms: number } | undefined {
  try {
    // After the program's name in parentheses, which may hold anything: state, parent, …
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
    return { pid: Number(name), parent: Number(fields[1]), ms: ticks * tickMs };
  } catch {
    return undefined;
  }
}

/** What had been counted at a moment (seconds). */
export interface Count {
  readonly at: number;
  readonly messages: number;
  readonly deliveries: number;
}

export const noCounts: readonly Count[] = [];
const most = 300;

/** The newest ones; a server that began anew counts from 0 again, and so do we. */
export function addCounts(now: readonly Count[], next: Count): readonly Count[] {
  const last = now.at(-1);
  if (last !== undefined && next.at <= last.at) return now;
  if (last !== undefined && next.messages < last.messages) return [next];
  return [...now, next].slice(-most);
}

/** Times, messages a second, deliveries a second. */
export function ratesOf(counts: readonly Count[]): readonly [number[], number[], number[]] {
  const rates: [number[], number[], number[]] = [[], [], []];
  for (const [index, count] of counts.entries()) {
    const before = counts[index - 1];
    if (before === undefined) continue;
    const seconds = count.at - before.at;
    rates[0].push(count.at);
    rates[1].push((count.messages - before.messages) / seconds);
    rates[2].push((count.deliveries - before.deliveries) / seconds);
  }
  return rates;
}

/** How long a reader waits before it connects again: 0.25 s, doubled each time, at most 10 s. */
export function backoffMs(failures: number): number {
  return Math.min(10_000, 250 * 2 ** Math.min(failures, 10));
}

/** CLOCK_MONOTONIC in ms: the same clock in every process of this machine, so that stamps of two processes can be compared. */
export function stamp(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

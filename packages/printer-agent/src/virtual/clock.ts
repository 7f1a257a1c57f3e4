/** Time as the virtual printer sees it. Milliseconds. */
export interface VirtualClock {
  monotonic(): number;
  after(ms: number, call: () => void): { cancel(): void };
}

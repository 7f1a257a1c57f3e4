import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a server's own process tells about itself between two looks. */
export interface SelfFigures {
  /** Processor time, ms. */
  readonly cpuMs: number;
  /** Longest stall of the event loop, ms (resolution 1 ms). */
  readonly stallMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** Calls for `serveCalls`: `begin`, then `end`. */
export function selfMeter() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let cpu = process.cpuUsage();
  return {
    begin: () => {
      cpu = process.cpuUsage();
      delay.enable();
      delay.reset();
    },
    end: (): SelfFigures => {
      const { user, system } = process.cpuUsage(cpu);
      (globalThis as { gc?: () => void }).gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      return { cpuMs: (user + system) / 1_000, stallMs: delay.max / 1e6, rssBytes: rss, heapBytes: heapUsed + external };
    },
  };
}

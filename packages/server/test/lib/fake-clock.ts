import type { Clock } from '../../src/ports/clock.ts';

export interface FakeClock extends Clock {
  /** Lets `ms` pass: runs due timers in order of their moment, those set meanwhile included; promises settle between. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock only, as an administrator or NTP does. No timer fires. */
  jump(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/** Promise chains of any length end within a turn; `setImmediate` also lets the memory bus deliver. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<Due>();
  let passed = 0;
  let offset = start;
  let order = 0;

  function next(until: number): Due | null {
    let first: Due | null = null;
    for (const timer of timers) {
      if (timer.at > until) continue;
      if (first === null || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }

  return {
    now: () => offset + passed,
    monotonic: () => passed,
    after(ms, call) {
      const timer: Due = { at: passed + Math.max(0, ms), order: order++, call };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const until = passed + ms;
      await settle();
      for (let timer = next(until); timer !== null; timer = next(until)) {
        timers.delete(timer);
        passed = timer.at;
        timer.call();
        await settle();
      }
      passed = until;
    },
    jump(ms) {
      offset += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}

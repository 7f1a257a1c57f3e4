import { randomUUID } from 'node:crypto';

/** Time and chance, handed in so that tests may turn them. Milliseconds. */
export interface System {
  /** Since some fixed moment; never jumps. */
  monotonic(): number;
  after(ms: number, call: () => void): Timer;
  /** 0 ≤ x < 1. */
  dice(): number;
  uuid(): string;
}

export interface Timer {
  cancel(): void;
}

/** `setTimeout` takes a longer time for "at once". */
const longestTimeout = 2_147_483_647;

export const realSystem: System = {
  monotonic: () => performance.now(),
  after(ms, call) {
    let timer = arm(ms, call, (next) => {
      timer = next;
    });
    return { cancel: () => clearTimeout(timer) };
  },
  dice: () => Math.random(),
  uuid: () => randomUUID(),
};

function arm(ms: number, call: () => void, again: (timer: NodeJS.Timeout) => void): NodeJS.Timeout {
  if (ms <= longestTimeout) return setTimeout(call, ms);
  return setTimeout(() => again(arm(ms - longestTimeout, call, again)), longestTimeout);
}

/** Resolves after `ms`. */
export function pause(system: System, ms: number): Promise<void> {
  return new Promise((resolve) => {
    system.after(ms, resolve);
  });
}

/** Resolves after `ms`, or as soon as the signal is given. */
export function pauseUnless(system: System, ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = () => {
      timer.cancel();
      stop.removeEventListener('abort', over);
      resolve();
    };
    const timer = system.after(ms, over);
    stop.addEventListener('abort', over);
  });
}

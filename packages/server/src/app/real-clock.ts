import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Random } from '../ports/clock.ts';

/** A timer cannot be set for longer (about 24.8 days): Node would fire it at once. */
const longestTimer = 2_147_483_647;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const due = performance.now() + ms;
    let timer = arm();
    function arm(): NodeJS.Timeout {
      const left = Math.max(0, due - performance.now());
      // Node truncates to whole ms and may fire early by a fraction: rounding up keeps "after" true.
      return left > longestTimer
        ? setTimeout(() => {
            timer = arm();
          }, longestTimer).unref()
        : setTimeout(call, Math.ceil(left)).unref();
    }
    return { cancel: () => clearTimeout(timer) };
  },
};

export const realRandom: Random = {
  // Used for jitter, never for secrets.
  dice: () => Math.random(),
  uuid: () => randomUUID(),
  secret: (bytes) => randomBytes(bytes).toString('base64url'),
};

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
      // Rounded up, because Node truncates; too far away is waited for in parts.
      const ms = Math.min(longestTimer, Math.max(0, Math.ceil(due - performance.now())));
      return setTimeout(fire, ms).unref();
    }
    function fire(): void {
      // Node counts from the beginning of its turn and may be early by a fraction: "after" stays true.
      if (performance.now() < due) timer = arm();
      else call();
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

import type { Millis } from './ids.ts';

/**
 * What an owner has had of the yard, in slot-milliseconds. What runs is counted as it goes, without being touched:
 * `served + running * now - started`.
 */
export interface Share {
  readonly key: string;
  readonly served: number;
  /** Slots of what runs, and the same weighted with the moments at which it began. */
  readonly running: number;
  readonly started: number;
}

/** The key of the row that holds how far the least-served had come when it was last served; nobody's name is empty. */
export const clockKey = '';

/** Moments are counted from here: weighted with slots they stay exact. */
const epoch = Date.UTC(2026, 0, 1);

/** Each start counts for a second at least, so that owners of short tasks take turns. */
export const leastMs = 1_000;

const fresh = (key: string): Share => ({ key, served: 0, running: 0, started: 0 });

export type Shares = ReadonlyMap<string, Share>;

function rawUsage({ served, running, started }: Share, now: Millis): number {
  return served + running * (now - epoch) - started;
}

const clockOf = (shares: Shares): number => shares.get(clockKey)?.served ?? 0;

/** Who comes new, or again after a while, begins with the least that others have had: nobody saves up. */
export function usageOf(shares: Shares, key: string, now: Millis): number {
  const share = shares.get(key);
  return Math.max(share === undefined ? 0 : rawUsage(share, now), clockOf(shares));
}

/** The rows after one more of `slots` has begun. */
export function shareBegins(shares: Shares, key: string, slots: number, now: Millis): Share[] {
  const share = shares.get(key) ?? fresh(key);
  const usage = usageOf(shares, key, now);
  const served = share.served + (usage - rawUsage(share, now)) + slots * leastMs;
  const next = { ...share, served, running: share.running + slots, started: share.started + slots * (now - epoch) };
  return [next, { ...fresh(clockKey), served: Math.max(clockOf(shares), usage) }];
}

/** What began at `since` is over. */
export function shareEnds(share: Share, slots: number, since: Millis, now: Millis): Share {
  // The least was counted when it began.
  const ran = Math.max(0, now - since - leastMs);
  const running = Math.max(0, share.running - slots);
  return {
    ...share,
    served: share.served + slots * ran,
    running,
    started: running === 0 ? 0 : share.started - slots * (since - epoch),
  };
}

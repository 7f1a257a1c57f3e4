import type { Clock } from '../ports/clock.ts';

/**
 * Wrong credentials per remote address. Each address has a bucket of failures that drains slowly: after `burst` failures in a
 * row it may fail once every `refillMs`, until it has behaved for a while. Addresses are never locked out for good, for many
 * machines may share one.
 */
export interface FailureLimit {
  /** Ms until this address may try again; 0: now. */
  wait(remote: string): number;
  failed(remote: string): void;
  /** Addresses remembered. */
  readonly size: number;
}

export interface FailureLimitOptions {
  readonly clock: Clock;
  readonly burst?: number;
  readonly refillMs?: number;
  /** The address that failed longest ago is forgotten for a new one. */
  readonly maxEntries?: number;
}

interface Bucket {
  /** What is not drained yet at the moment `at`: each failure adds `refillMs`, each ms takes one. */
  readonly debtMs: number;
  readonly at: number;
}

export function createFailureLimit({
  clock,
  burst = 10,
  refillMs = 6_000,
  maxEntries = 10_000,
}: FailureLimitOptions): FailureLimit {
  /** In order of the last failure. */
  const buckets = new Map<string, Bucket>();
  const debtOf = (bucket: Bucket | undefined): number =>
    bucket === undefined ? 0 : Math.max(0, bucket.debtMs - (clock.monotonic() - bucket.at));

  /** Those that have drained are forgotten, as far as they stand in front; then one more, where there is still no room. */
  function makeRoom(): void {
    for (const [key, bucket] of buckets) {
      if (debtOf(bucket) > 0 && buckets.size < maxEntries) return;
      buckets.delete(key);
    }
  }

  return {
    wait: (remote) => Math.max(0, Math.ceil(debtOf(buckets.get(networkOf(remote))) - (burst - 1) * refillMs)),
    failed(remote) {
      const key = networkOf(remote);
      const debtMs = Math.min(burst * refillMs, debtOf(buckets.get(key)) + refillMs);
      buckets.delete(key);
      makeRoom();
      buckets.set(key, { debtMs, at: clock.monotonic() });
    },
    get size() {
      return buckets.size;
    },
  };
}

const longestAddress = 64;

/** An IPv6 peer has a /64 to itself: it counts as one. IPv4 within IPv6 is IPv4. */
export function networkOf(remote: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remote)?.[1];
  if (mapped !== undefined) return mapped;
  const address = remote.slice(0, longestAddress).split('%', 1)[0] ?? '';
  return address.includes(':') ? groupsOf(address).slice(0, 4).join(':') : address;
}

function groupsOf(address: string): string[] {
  const [left = '', right] = address.toLowerCase().split('::', 2);
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':')).map((group) => group.replace(/^0+(?=.)/, ''));
  if (right === undefined) return groups(left);
  const [front, back] = [groups(left), groups(right)];
  return [...front, ...new Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
}

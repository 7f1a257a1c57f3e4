import type { Clock } from '../ports/clock.ts';
import { networkOf } from './rate-limit.ts';
import type { Standing } from './work-queue.ts';

/**
 * Guesses of passwords, per address and per account. Some mistakes are free; after these each further one doubles the time
 * until the next try, up to a bound. Time without mistakes makes good. An account under attack is closed to addresses that
 * have been wrong lately, never to one that has not, or that is known: nobody is locked out of his account by others.
 */
export interface CredentialGuard {
  /**
   * Asks for one try. It counts as wrong until `right` says otherwise, so that tries made at the same time count too.
   * `waitMs`: not now. `known`: this address has been right for this account lately.
   */
  enter(remote: string, account: string, known?: boolean): Try | { readonly waitMs: number };
  /** Addresses and accounts remembered. */
  readonly size: number;
}

export interface Try {
  readonly waitMs?: undefined;
  readonly standing: Standing;
  /**
   * The credential was right, or could not be looked at: this try is not counted. Earlier mistakes stay: whoever has an account
   * of his own must not wash his guesses of others' passwords away with it.
   */
  takeBack(): void;
}

export interface GuardOptions {
  readonly clock: Clock;
  readonly maxEntries?: number;
}

interface Mistakes {
  readonly count: number;
  /** Monotonic ms. */
  readonly lastAt: number;
  readonly until: number;
}

interface Rule {
  /** Mistakes before anything is asked. */
  readonly free: number;
  readonly mostMs: number;
}

/** An address with fewer mistakes is calm: somebody who mistypes is not shut out of an account that others attack. */
const calmBelow = 3;
const firstWaitMs = 1_000;
/** So much time without a mistake takes one back. */
const forgiveMs = 300_000;
const rules = { address: { free: 10, mostMs: 600_000 }, account: { free: 5, mostMs: 900_000 } } as const satisfies Record<
  string,
  Rule
>;

export function createCredentialGuard({ clock, maxEntries = 10_000 }: GuardOptions): CredentialGuard {
  const addresses = new Ledger(clock, rules.address, maxEntries);
  const accounts = new Ledger(clock, rules.account, maxEntries);

  return {
    enter(remote, account, known = false) {
      const address = networkOf(remote);
      const standing = known ? 'known' : addresses.mistakes(address) < calmBelow ? 'calm' : 'suspect';
      const waitMs = Math.max(addresses.wait(address), standing === 'suspect' ? accounts.wait(account) : 0);
      if (waitMs > 0) return { waitMs };
      const undo = [addresses.add(address), accounts.add(account)];
      return { standing, takeBack: () => callAll(undo.splice(0)) };
    },
    get size() {
      return addresses.size + accounts.size;
    },
  };
}

/** Mistakes by name, in order of the last one; the name that was wrong longest ago is forgotten for a new one. */
class Ledger {
  readonly #clock: Clock;
  readonly #rule: Rule;
  readonly #most: number;
  readonly #entries = new Map<string, Mistakes>();

  constructor(clock: Clock, rule: Rule, most: number) {
    this.#clock = clock;
    this.#rule = rule;
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  mistakes(name: string): number {
    const found = this.#entries.get(name);
    if (found === undefined) return 0;
    return Math.max(0, found.count - Math.floor((this.#clock.monotonic() - found.lastAt) / forgiveMs));
  }

  wait(name: string): number {
    return Math.max(0, Math.ceil((this.#entries.get(name)?.until ?? 0) - this.#clock.monotonic()));
  }

  /** Counts one; the answer takes it back. */
  add(name: string): () => void {
    const before = this.#entries.get(name);
    const now = this.#clock.monotonic();
    const count = this.mistakes(name) + 1;
    const beyond = count - this.#rule.free;
    const waitMs = beyond < 0 ? 0 : Math.min(this.#rule.mostMs, firstWaitMs * 2 ** Math.min(beyond, 30));
    const after = { count, lastAt: now, until: now + waitMs };
    this.#put(name, after);
    return () => this.#takeBack(name, before, after);
  }

  #takeBack(name: string, before: Mistakes | undefined, after: Mistakes): void {
    const present = this.#entries.get(name);
    if (present === undefined) return;
    // Somebody else was wrong meanwhile: his wait stays.
    if (present !== after) this.#entries.set(name, { ...present, count: Math.max(1, present.count - 1) });
    else if (before === undefined) this.#entries.delete(name);
    else this.#entries.set(name, before);
  }

  #put(name: string, mistakes: Mistakes): void {
    this.#entries.delete(name);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= this.#most) this.#entries.delete(oldest);
    this.#entries.set(name, mistakes);
  }
}

function callAll(calls: readonly (() => void)[]): void {
  for (const call of calls) call();
}

import type { Change } from '../domain/change.ts';
import { type Principal, reaches } from '../domain/principal.ts';
import type { Unsubscribe } from '../ports/bus.ts';
import type { Store } from '../ports/store.ts';
import type { Feed, FeedFilter } from './engine.ts';

type Listener = (changes: readonly Change[]) => void;

interface Subscription {
  readonly filter: FeedFilter;
  readonly call: Listener;
}

/** Recent changes kept in memory, so that followers that keep up cost no reads. */
const kept = 8_192;
const pageRows = 500;

export interface LiveFeed extends Feed {
  publish(changes: readonly Change[]): void;
  close(): void;
}

export function createFeed(store: Store, newest: number, failed: (cause: unknown) => void): LiveFeed {
  const byJob = new Map<number, Set<Subscription>>();
  const byTask = new Map<number, Set<Subscription>>();
  const others = new Set<Subscription>();
  const waiting = new Set<() => void>();
  let recent: Change[] = [];
  let last = newest;
  let closed = false;

  function deliver(subscriptions: Iterable<Subscription>, changes: readonly Change[]): void {
    for (const { filter, call } of subscriptions) {
      const mine = changes.filter((change) => matches(filter, change));
      if (mine.length === 0) continue;
      try {
        call(mine);
      } catch (cause) {
        failed(cause);
      }
    }
  }

  function publish(changes: readonly Change[]): void {
    const end = changes.at(-1);
    if (end === undefined) return;
    last = end.number;
    recent.push(...changes);
    if (recent.length > 2 * kept) recent = recent.slice(-kept);
    deliver(others, changes);
    if (byJob.size > 0 || byTask.size > 0) {
      for (const change of changes) {
        const ofJob = change.job === null ? undefined : byJob.get(change.job);
        const ofTask = change.task === null ? undefined : byTask.get(change.task);
        if (ofJob !== undefined) deliver([...ofJob], [change]);
        if (ofTask !== undefined) deliver([...ofTask], [change]);
      }
    }
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  }

  function subscribe(filter: FeedFilter, call: Listener): Unsubscribe {
    const subscription = { filter, call };
    if (filter.task !== undefined) return addTo(byTask, filter.task, subscription);
    if (filter.job !== undefined) return addTo(byJob, filter.job, subscription);
    others.add(subscription);
    return () => others.delete(subscription);
  }

  /** The next page after a number: from memory where it is still there, else from the store. */
  async function after(number: number): Promise<{ changes: readonly Change[] } | { reset: number }> {
    const first = recent[0];
    if (first !== undefined && number >= first.number - 1) {
      const from = recent.findIndex((change) => change.number > number);
      return { changes: from < 0 ? [] : recent.slice(from, from + pageRows) };
    }
    const page = await store.query.changesSince(number, pageRows);
    return number + 1 < page.oldest ? { reset: page.newest } : { changes: page.changes };
  }

  function news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  async function* follow(by: Principal, filter: FeedFilter, since: number | null, signal: AbortSignal) {
    let cursor = since ?? last;
    if (cursor > last) {
      // A number from a store that is no more (restored from a backup).
      yield { reset: last };
      cursor = last;
    }
    while (!signal.aborted && !closed) {
      if (cursor >= last) {
        await news(signal);
        continue;
      }
      const page = await read(by, filter, cursor);
      if ('reset' in page) {
        yield page;
        cursor = page.reset;
        continue;
      }
      cursor = page.upTo;
      if (page.changes.length > 0) yield { changes: page.changes };
    }
  }

  async function read(by: Principal, filter: FeedFilter, since: number) {
    const newest = last;
    // A number from a store that is no more (restored from a backup).
    if (since > newest) return { reset: newest };
    if (since === newest) return { changes: [], upTo: newest };
    const page = await after(since);
    if ('reset' in page) return page;
    const changes = page.changes.filter((change) => matches(filter, change) && sees(by, change));
    return { changes, upTo: page.changes.at(-1)?.number ?? newest };
  }

  return {
    publish,
    read,
    subscribe,
    follow,
    get newest() {
      return last;
    },
    close() {
      closed = true;
      for (const wake of [...waiting]) wake();
      waiting.clear();
    },
  };
}

function addTo(map: Map<number, Set<Subscription>>, key: number, subscription: Subscription): Unsubscribe {
  const set = map.get(key) ?? new Set();
  map.set(key, set.add(subscription));
  return () => {
    set.delete(subscription);
    if (set.size === 0 && map.get(key) === set) map.delete(key);
  };
}

function matches(filter: FeedFilter, change: Change): boolean {
  if (filter.job !== undefined && change.job !== filter.job) return false;
  if (filter.task !== undefined && change.task !== filter.task) return false;
  if (filter.worker !== undefined && change.worker !== filter.worker) return false;
  return filter.kinds === undefined || filter.kinds.includes(change.kind);
}

/** Facts about jobs belong to their owner; the rest needs the right to read workers or pools. */
function sees(by: Principal, change: Change): boolean {
  if (change.owner !== null) return by.rights.includes('job:read') && reaches(by, change.owner);
  return by.rights.includes(change.kind === 'pool.changed' ? 'pool:read' : 'worker:read');
}

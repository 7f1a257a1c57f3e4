import type { Change } from '../../domain/change.ts';
import type { Feed, FeedFilter } from '../../engine/engine.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * Long poll: looks, and looks again after each change that fits, until `look` finds something, the time is over or the signal
 * ends it (null). Listens before it looks, so that nothing falls between.
 */
export async function awaitChange<T>(
  over: {
    readonly feed: Feed;
    readonly clock: Clock;
    readonly filter: FeedFilter;
    readonly ms: number;
    readonly signal: AbortSignal;
  },
  look: () => Promise<T | null>,
): Promise<T | null> {
  let news = true;
  let ended = over.signal.aborted || over.ms <= 0;
  let wake = (): void => {};
  const stop = over.feed.subscribe(over.filter, (_changes: readonly Change[]) => {
    news = true;
    wake();
  });
  const woken = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const end = (): void => {
    ended = true;
    wake();
  };
  const timer = over.clock.after(over.ms, end);
  over.signal.addEventListener('abort', end, { once: true });
  try {
    for (;;) {
      news = false;
      const found = await look();
      if (found !== null || ended) return found;
      if (!news) await woken();
      if (ended) return await look();
    }
  } finally {
    stop();
    timer.cancel();
    over.signal.removeEventListener('abort', end);
  }
}

import type { Page } from '../../../ports/store.ts';
import { turn } from './slices.ts';

/** Ids looked through in one turn of the event loop where no index answers the filter. */
const narrow = 4_000;

/** Both ends inclusive. */
export interface IdRange {
  readonly low: number;
  readonly high: number;
}

/** What lies after the cursor, in the page's order. */
export function rangeOf(page: Page): IdRange {
  const highest = Number.MAX_SAFE_INTEGER;
  if (page.cursor === null) return { low: 1, high: highest };
  return page.order === 'asc' ? { low: page.cursor + 1, high: highest } : { low: 1, high: page.cursor - 1 };
}

/**
 * Fills a page from consecutive ranges of ids, so that a filter that hardly ever matches does not hold up the event loop.
 * `whole`: an index answers the filter, one range does. `newest`: the highest id that exists.
 */
export async function inWindows<T>(
  page: Page,
  whole: boolean,
  newest: number,
  find: (range: IdRange, limit: number) => T[],
): Promise<T[]> {
  const { low, high: asked } = rangeOf(page);
  const high = Math.min(asked, newest);
  if (whole) return find({ low, high }, page.limit);
  const found: T[] = [];
  for (let start = low; start <= high && found.length < page.limit; start += narrow) {
    if (start > low) await turn();
    const end = Math.min(high, start + narrow - 1);
    const range = page.order === 'asc' ? { low: start, high: end } : { low: low + (high - end), high: low + (high - start) };
    found.push(...find(range, page.limit - found.length));
  }
  return found;
}

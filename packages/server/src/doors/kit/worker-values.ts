import { type Lookup, lookupIn, type Platform, type Variables } from '../../domain/variables.ts';
import type { VariableBook } from '../../engine/variables.ts';

/**
 * What stands for `{name}` on a worker of this platform: made again only when somebody changed a variable. `otherwise`: for
 * names that nobody has set (`ownTools`, `usualPlaces`).
 */
export function workerValues(book: Pick<VariableBook, 'all'>, otherwise: Variables, platform: Platform): () => Lookup {
  let made: { readonly of: Variables; readonly lookup: Lookup } | null = null;
  return () => {
    const { all } = book;
    if (made?.of !== all) made = { of: all, lookup: lookupIn([all, otherwise], 'workers', platform) };
    return made.lookup;
  };
}

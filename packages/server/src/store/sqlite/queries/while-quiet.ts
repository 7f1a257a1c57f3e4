import type { Quiet } from '../commits.ts';

/**
 * Remembers answers for as long as nothing is written, and looks anew while something may be: exactly what a read would give,
 * for a tenth of its price (a read locks and unlocks the file, whatever it finds). At most `most` answers; then all are let go.
 */
export function whileQuiet<K, R>(quiet: Quiet, most: number, find: (key: K) => R): (key: K) => R {
  const known = new Map<K, R>();
  let of: number | null = null;
  return (key) => {
    const { since } = quiet;
    if (since === null) return find(key);
    if (since !== of || known.size >= most) known.clear();
    of = since;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const found = find(key);
    known.set(key, found);
    return found;
  };
}

import { type Entry, type Options, tree } from './tree.ts';

/** A node as clients read it (dnaforge §3.4): the root and the values of a container carry no `type`. */
export interface ShownOptions {
  readonly name: string;
  readonly entries: readonly ShownEntry[];
}
export type ShownEntry =
  | { readonly type: 'Property'; readonly name: string; readonly valueType: string }
  | { readonly type: 'Container'; readonly name: string; readonly values: readonly ShownOptions[] };

const shown = ({ name, entries }: Options): ShownOptions => ({ name, entries: entries.map(shownEntry) });

function shownEntry(entry: Entry): ShownEntry {
  return entry.is === 'property'
    ? { type: 'Property', name: entry.name, valueType: entry.type }
    : { type: 'Container', name: entry.name, values: entry.values.map(shown) };
}

/** What a client may ask for: names and types, nothing of oxDNA's. */
export const availableOptions: ShownOptions = shown(tree);

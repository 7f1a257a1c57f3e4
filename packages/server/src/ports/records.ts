/**
 * Small revisioned documents (tokens, settings, schedules, agents) in the same database. Rules:
 *
 * R1 `put` with `revision: null` creates; it fails if the record exists. With a number it replaces that revision only.
 * R2 Revisions start at 1 and rise by one.
 * R3 A document is JSON, at most 64 KiB as text; a collection is read in key order.
 */
export interface Records {
  get<T>(collection: string, key: string): Promise<RecordOf<T> | null>;
  list<T>(collection: string): Promise<RecordOf<T>[]>;
  put<T>(
    collection: string,
    key: string,
    value: T,
    revision: number | null,
  ): Promise<{ ok: true; revision: number } | { ok: false }>;
  delete(collection: string, key: string): Promise<boolean>;
}

export interface RecordOf<T> {
  readonly key: string;
  readonly value: T;
  readonly revision: number;
}

/** Documents of this collection name a blob as `blob`, which is in use as long as they are there. */
export const fileCollection = 'file';

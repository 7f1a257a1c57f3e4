/**
 * Newest value per subject, in buckets by the first segment of the subject (up to and with `:`), so that a late subscriber to
 * `worker:*` does not walk over a hundred thousand `task:` values.
 */
export interface LastValues {
  set(subject: string, value: unknown): void;
  get(subject: string): unknown;
  has(subject: string): boolean;
  delete(subject: string): void;
  /** Subjects with a value that this pattern (see `SubjectIndex`) covers. */
  matching(pattern: string): string[];
  clear(): void;
}

const segmentOf = (subject: string): string => subject.slice(0, subject.indexOf(':') + 1);

export function createLastValues(): LastValues {
  const buckets = new Map<string, Map<string, unknown>>();

  function has(subject: string): boolean {
    return buckets.get(segmentOf(subject))?.has(subject) ?? false;
  }

  return {
    has,
    set(subject, value) {
      const segment = segmentOf(subject);
      const bucket = buckets.get(segment);
      if (bucket === undefined) buckets.set(segment, new Map([[subject, value]]));
      else bucket.set(subject, value);
    },
    get: (subject) => buckets.get(segmentOf(subject))?.get(subject),
    delete(subject) {
      const segment = segmentOf(subject);
      const bucket = buckets.get(segment);
      if (bucket?.delete(subject) && bucket.size === 0) buckets.delete(segment);
    },
    matching(pattern) {
      if (!pattern.endsWith('*')) return has(pattern) ? [pattern] : [];
      const prefix = pattern.slice(0, -1);
      const segment = segmentOf(prefix);
      const within = segment === '' ? [...buckets.values()] : [buckets.get(segment) ?? new Map<string, unknown>()];
      return within.flatMap((bucket) => [...bucket.keys()].filter((subject) => subject.startsWith(prefix)));
    },
    clear: () => buckets.clear(),
  };
}

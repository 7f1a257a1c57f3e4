import type { Clock } from '../ports/clock.ts';
import type { RecordOf } from '../ports/records.ts';

/**
 * Records lately used, so that a request costs no read. Bounded in number, and in age for the case that another server
 * changed one and its wake-up was lost. Only records that exist: strangers cannot fill it.
 */
export interface RecordCache<T> {
  get(key: string): RecordOf<T> | null;
  /**
   * Begins a read: what it returns remembers the record, unless the cache was cleared meanwhile. Without this, a read that
   * began before a revocation would keep the token alive.
   */
  reading(): Remember<T>;
  drop(key: string): void;
  clear(): void;
}

export type Remember<T> = (found: RecordOf<T>) => void;

const mostEntries = 1_000;
const oldestMs = 30_000;

export function createRecordCache<T>(clock: Clock): RecordCache<T> {
  const entries = new Map<string, { readonly record: RecordOf<T>; readonly readAt: number }>();
  let generation = 0;

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || clock.monotonic() - entry.readAt > oldestMs) return null;
      return entry.record;
    },
    reading() {
      const began = generation;
      const readAt = clock.monotonic();
      return (record) => {
        if (began !== generation) return;
        const [oldest] = entries.keys();
        if (oldest !== undefined && entries.size >= mostEntries && !entries.has(record.key)) entries.delete(oldest);
        entries.set(record.key, { record, readAt });
      };
    },
    drop: (key) => void entries.delete(key),
    clear() {
      generation += 1;
      entries.clear();
    },
  };
}

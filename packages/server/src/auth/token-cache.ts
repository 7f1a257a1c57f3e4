import type { Clock } from '../ports/clock.ts';
import type { RecordOf } from '../ports/records.ts';
import type { TokenRecord } from './token-record.ts';

/**
 * Token records lately used, so that a request costs no read. Bounded in number, and in age for the case that another server
 * changed one and its wake-up was lost. Only records of tokens that exist: strangers cannot fill it.
 */
export interface TokenCache {
  get(id: string): RecordOf<TokenRecord> | null;
  /**
   * Begins a read: what it returns remembers the record, unless the cache was cleared meanwhile. Without this, a read that
   * began before a revocation would keep the token alive.
   */
  reading(): Remember;
  drop(id: string): void;
  clear(): void;
}

export type Remember = (found: RecordOf<TokenRecord>) => void;

const mostEntries = 1_000;
const oldestMs = 30_000;

export function createTokenCache(clock: Clock): TokenCache {
  const entries = new Map<string, { readonly record: RecordOf<TokenRecord>; readonly readAt: number }>();
  let generation = 0;

  return {
    get(id) {
      const entry = entries.get(id);
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
    drop: (id) => void entries.delete(id),
    clear() {
      generation += 1;
      entries.clear();
    },
  };
}

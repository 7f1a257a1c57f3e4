import { type QueryKey, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Batch } from './batch.ts';
import { useYard } from './yard.tsx';

export interface LiveQuery<T> {
  readonly key: QueryKey;
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** Does this batch touch what is shown? */
  readonly touched: (batch: Batch) => boolean;
  readonly enabled?: boolean;
  /** Not read again sooner than this after the last time. */
  readonly restMs?: number;
}

/** A query that is read again when the change feed touches it, at most once per `restMs`, never two readings at once. */
export function useLiveQuery<T>(query: LiveQuery<T>): UseQueryResult<T> {
  const { live } = useYard();
  const queries = useQueryClient();
  const latest = useRef(query);
  latest.current = query;
  const result = useQuery({
    queryKey: query.key,
    queryFn: ({ signal }) => query.read(signal),
    enabled: query.enabled ?? true,
    // What happened while nobody looked was not heard: what is kept is shown at once, and read again.
    staleTime: 0,
  });
  const hash = JSON.stringify(query.key);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `hash` stands for the key; the rest is read through the ref.
  useEffect(() => {
    const again = (): Promise<void> => queries.invalidateQueries({ queryKey: latest.current.key, exact: true });
    return follow(live.onBatch, (batch) => batch.all || latest.current.touched(batch), again, query.restMs ?? 500);
  }, [live, queries, hash, query.restMs]);
  return result;
}

/** After a touch: reads, rests, and reads once more if it was touched meanwhile. */
function follow(
  onBatch: (call: (batch: Batch) => void) => () => void,
  touched: (batch: Batch) => boolean,
  again: () => Promise<void>,
  restMs: number,
): () => void {
  let resting = false;
  let dirty = false;
  let over = false;
  async function work(): Promise<void> {
    resting = true;
    for (; dirty && !over; ) {
      dirty = false;
      await again().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    resting = false;
  }
  const off = onBatch((batch) => {
    if (!touched(batch)) return;
    dirty = true;
    if (!resting) void work();
  });
  return () => {
    over = true;
    off();
  };
}

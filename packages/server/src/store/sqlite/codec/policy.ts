import type { RetryPolicy } from '../../../domain/task.ts';
import type { Cells } from '../database.ts';

export const retryOn = { any: 0, distinct: 1 } as const;
export const onLoss = { requeue: 0, fail: 1 } as const;

type FarmPolicy = Pick<RetryPolicy, 'blockAfter' | 'blockMs' | 'noCandidateMs'>;

/** What only few tasks have: null for all others. */
export function farmText({ blockAfter, blockMs, noCandidateMs }: RetryPolicy): string | null {
  if (blockAfter === undefined && blockMs === undefined && noCandidateMs === undefined) return null;
  return JSON.stringify({ blockAfter, blockMs, noCandidateMs });
}

/** From the columns retries, max_losses, retry_on, backoff_ms, on_loss, which stand together, and farm_policy. */
export function decodePolicy(cells: Cells, at: number, farm: unknown): RetryPolicy {
  return {
    ...(farm === null ? undefined : (JSON.parse(farm as string) as FarmPolicy)),
    retries: cells[at] as number,
    maxLosses: cells[at + 1] as number,
    on: cells[at + 2] === retryOn.distinct ? 'distinct' : 'any',
    backoffMs: cells[at + 3] as number,
    onLoss: cells[at + 4] === onLoss.fail ? 'fail' : 'requeue',
  };
}

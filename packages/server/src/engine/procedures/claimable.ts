import type { JobId, Millis } from '../../domain/ids.ts';
import type { ClassSpec } from '../../domain/needs.ts';
import { rateRoom } from '../../domain/rate.ts';
import type { Block, InternedClass } from '../../domain/rows.ts';
import type { Worker } from '../../domain/worker.ts';
import type { ReadRequest } from '../../ports/store.ts';
import type { Draft } from './draft.ts';

/** Rows looked at per claim, over all classes: what is left out is claimed by the next one. */
const headRows = 512;
export const mostAtOnce = 256;

/** `job kind` that a worker must not take. */
export function blockedKeys(blocks: readonly Block[]): ReadonlySet<string> {
  return new Set(blocks.map(({ job, kind }) => blockedKey(job, kind)));
}

export const blockedKey = (job: JobId | null, kind: string): string => `${job} ${kind}`;

/** How many entries of each class a claim looks at. */
export function depthFor(max: number, classes: number): number {
  return Math.max(1, Math.min(max, Math.ceil(headRows / Math.max(1, classes))));
}

export function headsFor(
  worker: Worker,
  classes: readonly InternedClass[],
  depth: number,
  now: Millis,
): Extract<ReadRequest, { read: 'heads' }> {
  const { id, session, picky } = worker;
  return { read: 'heads', of: { classes: classes.map((one) => one.id), worker: id, session, picky, now, depth } };
}

export function rateHasRoom({ rate }: ClassSpec, { rates, now }: Pick<Draft, 'rates' | 'now'>): boolean {
  return rate === undefined || rateRoom(rate, rates.get(rate.key), now) > 0;
}

import type { Millis } from '../../../domain/ids.ts';

/** ISO 8601 UTC. */
export const timeOf = (at: Millis): string => new Date(at).toISOString();
export const timeOrNull = (at: Millis | null): string | null => (at === null ? null : timeOf(at));

import type { WorkerId } from '../../domain/ids.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { KueueLimits } from './limits.ts';
import type { LiveWorker } from './translate-worker.ts';

/** One line per event of a connection's life, never per message; no secret ever. */
export interface DoorLog {
  debug(fields: Readonly<Record<string, unknown>>, event: string): void;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
}

/** What all connections of the door share. */
export interface Desk {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: DoorLog;
  readonly limits: KueueLimits;
  readonly secret: string;
  readonly workerTimeoutMs: number;
  readonly offerMs: number;
  /** Newest words of the workers that are connected here. */
  readonly live: Map<WorkerId, () => LiveWorker>;
  /** May this address read without the secret (kueue §7.6)? */
  mayRead(address: string): boolean;
}

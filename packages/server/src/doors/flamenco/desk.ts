import type { Platform } from '../../domain/variables.ts';
import type { DoorDeps } from '../kit/door.ts';
import type { DoorLife } from '../kit/door-life.ts';
import type { Fleet } from './fleet.ts';
import type { FlamencoLimits } from './limits.ts';
import type { UpdateGate } from './update-gate.ts';

export interface FlamencoSettings {
  /** Mixed into the hashes of the workers' secrets; the same for ever. */
  readonly salt: string;
  /** Null: none is asked for. */
  readonly registrationSecret: string | null;
  /** Addresses and networks whose workers come in without one; all others wait until somebody lets them in. */
  readonly trusted: readonly string[];
  readonly workerTimeoutMs: number;
  /** 0: never. */
  readonly cleanupMs: number;
  /** Zone of sleep schedules that name none. */
  readonly timeZone: string;
  readonly name: string;
  readonly version: string;
  /** Of this machine: in its words a path is looked for here. Null: one that Flamenco does not know. */
  readonly platform: Platform | null;
}

/** What the handlers of this door work with. */
export interface Desk extends DoorDeps {
  readonly settings: FlamencoSettings;
  readonly limits: FlamencoLimits;
  readonly fleet: Fleet;
  readonly life: DoorLife;
  readonly updateGate: UpdateGate;
}

import type { Logger } from 'pino';
import type { Accounts } from '../../auth/accounts.ts';
import type { Agents } from '../../auth/agents.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { PrinterlynxLimits } from './limits.ts';

/** What all parts of this door work with. */
export interface Desk {
  readonly engine: Engine;
  readonly accounts: Accounts;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: PrinterlynxLimits;
  /** Whether a print that is not over on a printer of this agent needs this file. */
  readonly usesFile: (agent: string, file: string) => Promise<boolean>;
}

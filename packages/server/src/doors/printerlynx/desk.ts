import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Logger } from 'pino';
import type { Accounts } from '../../auth/accounts.ts';
import type { Agent, Agents } from '../../auth/agents.ts';
import type { Result } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { JobPlan } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { StopGoal } from '../../domain/task.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { JobIds } from './job-id.ts';
import type { PrinterlynxLimits } from './limits.ts';

/** What all parts of this door work with. */
export interface Desk {
  readonly engine: Engine;
  readonly accounts: Accounts;
  readonly agents: Agents;
  /** Null: unknown, or its owner may not print any more (disabled, revoked, another role). */
  readonly agentBy: (token: string) => Promise<Agent | null>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: PrinterlynxLimits;
  readonly jobIds: JobIds;
  /** From `kinds/`. */
  readonly compile: (request: JobRequest) => Result<JobPlan> | Promise<Result<JobPlan>>;
  /** The door itself: for what the yard knows of printers, and for what happens at one without anybody's word here. */
  readonly by: Principal;
  /** Ends a print that ends at the printer anyway. */
  readonly stop: (task: TaskId, goal: StopGoal) => Promise<void>;
}

export const doorPrincipal: Principal = {
  id: 'door:printerlynx',
  name: 'Printerlynx door',
  rights: ['job:read', 'job:control', 'worker:read', 'worker:control'],
  scope: 'all',
  kinds: ['print'],
};

import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Logger } from 'pino';
import type { DoorSession, DoorTokens } from '../../auth/door-tokens.ts';
import type { Result } from '../../domain/errors.ts';
import type { JobPlan } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Board } from './board.ts';
import type { Crowd } from './crowd.ts';
import type { DnaforgeLimits } from './limits.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Dialect } from './translate.ts';

/** A client that has been let in: its token, and the language that it asked for with it. */
export type Visitor = DoorSession<{ readonly dialect: Dialect }>;

/** How stages of this door run. */
export interface StagePolicy {
  readonly cuda: boolean;
  /** A stage that says nothing for so long is ended, ms; 0: never. */
  readonly silenceMs: number;
}

/** What every part of this door needs. */
export interface Desk {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: DnaforgeLimits;
  readonly visitors: DoorTokens<Visitor['facts']>;
  readonly board: Board;
  readonly crowd: Crowd;
  readonly subscriptions: Subscriptions;
  readonly policy: StagePolicy;
  readonly compile: (request: JobRequest) => Result<JobPlan> | Promise<Result<JobPlan>>;
}

const shared = {
  rights: ['job:submit', 'job:read', 'job:control', 'file:read', 'file:write'],
  scope: 'all',
  kinds: ['oxdna'],
} as const satisfies Omit<Principal, 'id' | 'name'>;

/** The door itself, when it looks on behalf of everybody. */
export const doorPrincipal: Principal = { ...shared, id: 'door:dnaforge', name: 'DNAforge' };

/** One visitor: owner of what it submits, so that visitors are served in turn. All see all (dnaforge §7, weak point 6). */
export const principalOf = ({ id }: Pick<Visitor, 'id'>): Principal => ({
  ...shared,
  id: `door:dnaforge:${id}`,
  name: `DNAforge client ${id}`,
});

/** The door's own start: how many simulations at once. */
export const configuration: Principal = {
  id: 'door:dnaforge:configuration',
  name: 'DNAforge door configuration',
  rights: ['pool:read', 'pool:write'],
  scope: 'all',
  kinds: ['oxdna'],
};

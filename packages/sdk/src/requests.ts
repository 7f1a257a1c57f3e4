import Type, { type Static } from 'typebox';
import { JobRequest } from './job.ts';
import { closed, limits, Name, Priority, Time } from './names.ts';

/** Small bodies of the commands on jobs and tasks. */
export const BulkRequest = Type.Object({ jobs: Type.Array(JobRequest, { minItems: 1, maxItems: limits.bulkJobs }) }, closed);
export type BulkRequest = Static<typeof BulkRequest>;

/** `kill`: what runs is stopped too; otherwise only what waits is canceled. Default false. */
export const CancelRequest = Type.Object({ kill: Type.Optional(Type.Boolean()) }, closed);
export type CancelRequest = Static<typeof CancelRequest>;

export const PriorityRequest = Type.Object({ priority: Priority }, closed);
export type PriorityRequest = Static<typeof PriorityRequest>;

export const tokenRoles = ['admin', 'operator', 'submitter', 'worker', 'viewer', 'print'] as const;
export type TokenRole = (typeof tokenRoles)[number];
export const TokenRole = Type.Enum([...tokenRoles]);

export const TokenRequest = Type.Object({ name: Name, role: TokenRole, expiresAt: Type.Optional(Time) }, closed);
export type TokenRequest = Omit<Static<typeof TokenRequest>, 'role'> & { role: TokenRole };

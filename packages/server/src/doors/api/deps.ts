import type { HubView } from '@switchyard/sdk/hub.ts';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { TokenRequest } from '@switchyard/sdk/requests.ts';
import type { HistoryPointView } from '@switchyard/sdk/system.ts';
import type { TokenCreated, TokenView } from '@switchyard/sdk/token.ts';
import type { Static, TSchema } from 'typebox';
import type { Agents } from '../../auth/agents.ts';
import type { Access } from '../../auth/open-access.ts';
import type { Result } from '../../domain/errors.ts';
import type { JobPlan } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { StaticFiles } from '../../ports/static-files.ts';
import type { Schedules } from '../../schedules/open-schedules.ts';
import type { Webhooks } from '../../webhooks/open-webhooks.ts';
import type { Door, DoorDeps } from '../kit/door.ts';
import type { OpenPart } from '../kit/openness.ts';

/** What this door needs beside what every door is given. */
export interface ApiDeps extends DoorDeps {
  /** From `kinds/`; waits only for kinds that look around in the yard. The request has passed its schema. */
  readonly compile: (request: JobRequest) => Result<JobPlan> | Promise<Result<JobPlan>>;
  readonly kinds: Readonly<Record<string, { readonly text: string; readonly spec: TSchema }>>;
  readonly tokens: TokenAdmin;
  /** Programs that stand for printers; absent: none come in. */
  readonly agents?: Agents;
  /** Accounts, sessions, invitations, one-time links. */
  readonly access: Access;
  readonly schedules: Schedules;
  readonly webhooks: Webhooks;
  /** All doors, this one too; asked when somebody wants to see them. */
  readonly doors: () => readonly Door[];
  readonly about: About;
  readonly setup: Setup;
  /** Prometheus text. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** The last hour in steps. */
  readonly history: {
    readonly stepMs: number;
    points(): readonly (Omit<Static<typeof HistoryPointView>, 'at'> & { readonly at: number })[];
  };
  /** Null: this server has no hub. */
  readonly hub: () => Hub | null;
  /** Null: ready; else one sentence why not. */
  readonly notReady: () => Promise<string | null> | string | null;
  readonly limits?: Partial<ApiLimits>;
  /** Pages of these origins may call (CORS); the listener is told the same. */
  readonly allowedOrigins?: readonly string[];
}

/** Live clients and services, as an operator sees them. */
export interface Hub {
  look(): Omit<HubView, 'on'> & { readonly on: true };
  /** False: there is no such client. */
  remove(uuid: string): boolean;
}

/** How this server is set up, for administrators. */
export interface Setup {
  /** Names of the secrets that are kept sealed. */
  secrets(): Promise<readonly string[]>;
  settings(): readonly ShownSetting[];
  /** What answers without a secret. */
  openness(): readonly OpenPart[];
  readonly tls: () => { readonly on: boolean; readonly only: boolean; readonly expiresAt: number | null };
}

/** One option in effect. Secrets are masked. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string;
  /** `flag`, `variable`, `file`, … */
  readonly origin: string;
}

export interface About {
  readonly version: string;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** The one-file worker (`/worker.mjs`); null: it was not built. */
  readonly workerFile: () => Promise<Uint8Array | null>;
  /** The built dashboard; null: it was not built. */
  readonly page: () => Promise<StaticFiles | null>;
}

/** Tokens, as an administrator sees them. Made in `auth/`. */
export interface TokenAdmin {
  create(by: Principal, request: TokenRequest): Promise<Result<TokenCreated>>;
  list(): Promise<readonly TokenView[]>;
  /** False: there is no such token. */
  revoke(by: Principal, id: string): Promise<boolean>;
}

export interface ApiLimits {
  /** Bodies of submissions. */
  readonly submitBytes: number;
  /** All other JSON bodies. */
  readonly smallBytes: number;
  readonly blobBytes: number;
  /** Longest long poll. */
  readonly waitMs: number;
  readonly heartbeatMs: number;
  /** How long somebody who has signed in stays in. */
  readonly sessionMs: number;
  /** Connected workers, and streams of changes or logs. */
  readonly workers: number;
  readonly streams: number;
  readonly helloMs: number;
  /** Messages of one worker that are being worked on. */
  readonly workerCommands: number;
  readonly workerLogBytes: number;
}

export const apiLimits: ApiLimits = {
  submitBytes: 64 * 1_048_576,
  smallBytes: 65_536,
  blobBytes: 16 * 1_073_741_824,
  waitMs: 60_000,
  heartbeatMs: 15_000,
  sessionMs: 7 * 86_400_000,
  workers: 5_000,
  streams: 5_000,
  helloMs: 10_000,
  workerCommands: 10_000,
  workerLogBytes: 4 * 1_048_576,
};

import type { HubView } from '../hub.ts';
import type { ImageView } from '../image.ts';
import type { DoorView, HealthView, HistoryView, KindView, SettingView, StatsView, SystemView, WhoamiView } from '../system.ts';
import type { AuditPage } from '../token.ts';
import { type SessionClient, sessionClient, type UsersClient, usersClient } from './accounts.ts';
import { type AgentsClient, agentsClient } from './agents.ts';
import { type ChangeEvent, type ChangesOptions, followChanges } from './changes.ts';
import { type FilesClient, filesClient } from './files.ts';
import { type PoolsClient, poolsClient, type WorkersClient, workersClient } from './fleet.ts';
import { createHttp, type HttpOptions } from './http.ts';
import { type JobsClient, jobsClient } from './jobs.ts';
import { type PrintersClient, printersClient } from './printers.ts';
import { queryString } from './query-string.ts';
import { type SchedulesClient, schedulesClient } from './schedules.ts';
import { type TasksClient, tasksClient } from './tasks.ts';
import { type AuditQuery, auditPage, type TokensClient, tokensClient } from './tokens.ts';
import { type VariablesClient, variablesClient } from './variables.ts';
import { type WebhooksClient, webhooksClient } from './webhooks.ts';

export type ClientOptions = HttpOptions;

/**
 * Everything that `/v1` can do, typed; Node and browser, `fetch` only. A refusal is thrown as `ApiError` (it carries the
 * problem document), a server that does not answer as `ServerUnreachable`.
 */
export interface Client {
  /** As given, without a slash at the end. */
  readonly server: string;
  readonly jobs: JobsClient;
  readonly tasks: TasksClient;
  readonly files: FilesClient;
  readonly workers: WorkersClient;
  readonly pools: PoolsClient;
  readonly printers: PrintersClient;
  readonly agents: AgentsClient;
  readonly variables: VariablesClient;
  readonly schedules: SchedulesClient;
  readonly webhooks: WebhooksClient;
  readonly tokens: TokensClient;
  readonly session: SessionClient;
  readonly users: UsersClient;
  /** Committed changes, live and from the past; reconnects by itself. */
  changes(options?: ChangesOptions): AsyncGenerator<ChangeEvent>;
  stats(): Promise<StatsView>;
  /** The last hour, oldest first. */
  history(): Promise<HistoryView>;
  doors(): Promise<readonly DoorView[]>;
  /** Live clients and services; `removeHubClient` sends one away. */
  hub(): Promise<HubView>;
  removeHubClient(uuid: string): Promise<void>;
  /** Of this job; without one: of the job that got a picture last. Null: there is none. `/v1/jobs/ID/image` is the picture. */
  image(job?: number): Promise<ImageView | null>;
  kinds(): Promise<readonly KindView[]>;
  whoami(): Promise<WhoamiView>;
  audit(page?: AuditQuery): Promise<AuditPage>;
  /** Version, TLS, what answers without a secret. */
  system(): Promise<SystemView>;
  /** Options in effect, secrets masked. */
  settings(): Promise<readonly SettingView[]>;
  health(): Promise<HealthView>;
  ready(): Promise<HealthView>;
}

export function createClient(options: ClientOptions): Client {
  const http = createHttp(options);
  return {
    server: http.server,
    jobs: jobsClient(http),
    tasks: tasksClient(http),
    files: filesClient(http),
    workers: workersClient(http),
    pools: poolsClient(http),
    printers: printersClient(http),
    agents: agentsClient(http),
    variables: variablesClient(http),
    schedules: schedulesClient(http),
    webhooks: webhooksClient(http),
    tokens: tokensClient(http),
    session: sessionClient(http),
    users: usersClient(http),
    changes: (what = {}) => followChanges(http, what),
    stats: () => http.json('/v1/stats'),
    history: () => http.json('/v1/stats/history'),
    doors: async () => (await http.json<{ doors: DoorView[] }>('/v1/doors')).doors,
    hub: () => http.json('/v1/hub'),
    removeHubClient: async (uuid) => {
      await http.raw(`/v1/hub/clients/${encodeURIComponent(uuid)}`, { method: 'DELETE' });
    },
    image: async (job) => (await http.json<{ images: ImageView[] }>(`/v1/images${queryString({ job })}`)).images[0] ?? null,
    kinds: async () => (await http.json<{ kinds: KindView[] }>('/v1/kinds')).kinds,
    whoami: () => http.json('/v1/whoami'),
    audit: (page = {}) => auditPage(http, page),
    system: () => http.json('/v1/system'),
    settings: async () => (await http.json<{ settings: SettingView[] }>('/v1/settings')).settings,
    health: () => http.json('/healthz'),
    ready: () => http.json('/readyz'),
  };
}

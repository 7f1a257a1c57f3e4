import type { SeriesView } from '../series.ts';
import type { ArtifactView, TaskDetail, TaskPage, TaskStateName, TaskView } from '../task.ts';
import type { TaskWhyView } from '../why.ts';
import type { LogStream } from '../worker-wire.ts';
import { type FollowOptions, followLog } from './follow-log.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';

export interface TaskListFilter {
  readonly kind?: readonly string[] | undefined;
  readonly state?: readonly TaskStateName[] | undefined;
  readonly worker?: number | undefined;
  readonly job?: number | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface LogOptions {
  readonly stream?: LogStream | undefined;
  /** Absent: the latest. */
  readonly attempt?: number | undefined;
  /** Bytes `start … end - 1`; absent: all, with one line in place of a middle that is no longer kept. */
  readonly range?: { readonly start: number; readonly end?: number } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `length`: bytes that the stream has in all. Read `body` or let it be canceled. */
export interface LogAnswer {
  readonly length: number;
  readonly attempt: number;
  readonly body: ReadableStream<Uint8Array> | null;
}

export interface LiveAnswer {
  /** Where in the task it belongs, in the unit of its progress. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface TasksClient {
  /** In id order. */
  list(filter?: TaskListFilter): Promise<TaskPage>;
  show(id: number): Promise<TaskDetail>;
  /** What keeps it from starting. */
  why(id: number): Promise<TaskWhyView>;
  cancel(id: number, options?: { kill?: boolean }): Promise<TaskView>;
  hold(id: number): Promise<TaskView>;
  release(id: number): Promise<TaskView>;
  retry(id: number): Promise<TaskView>;
  suspend(id: number): Promise<TaskView>;
  resume(id: number): Promise<TaskView>;
  log(id: number, options?: LogOptions): Promise<LogAnswer>;
  logLength(id: number, options?: { stream?: LogStream; attempt?: number }): Promise<number>;
  followLog(id: number, options?: FollowOptions): AsyncGenerator<Uint8Array>;
  /** Numbers that it left while it ran, thinned to so many rows. */
  series(id: number, options?: { points?: number }): Promise<SeriesView>;
  /**
   * What the running task shows of itself under this name (`configuration` of a simulation), as soon as there is something after
   * `after`. Null: it has ended, or there was nothing new for a while.
   */
  live(id: number, name: string, options?: { after?: number; signal?: AbortSignal }): Promise<LiveAnswer | null>;
  artifacts(id: number): Promise<readonly ArtifactView[]>;
  /** The file's bytes; `path` as the artifact says. */
  artifact(id: number, path: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
}

export function tasksClient(http: Http): TasksClient {
  const act = (id: number, verb: string, json: unknown = {}): Promise<TaskView> =>
    http.json(`/v1/tasks/${id}/${verb}`, { method: 'POST', json });
  return {
    list: (filter = {}) => http.json(`/v1/tasks${queryString({ ...filter })}`),
    show: (id) => http.json(`/v1/tasks/${id}`),
    why: (id) => http.json(`/v1/tasks/${id}/why`),
    live: async (id, name, { after, signal } = {}) => {
      const response = await http.raw(`/v1/tasks/${id}/live/${encodeURIComponent(name)}${queryString({ after })}`, { signal });
      if (response.status === 204) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { at: Number(response.headers.get('x-live-at')), bytes };
    },
    series: (id, options = {}) => http.json(`/v1/tasks/${id}/series${queryString({ ...options })}`),
    cancel: (id, options = {}) => act(id, 'cancel', options),
    hold: (id) => act(id, 'hold'),
    release: (id) => act(id, 'release'),
    retry: (id) => act(id, 'retry'),
    suspend: (id) => act(id, 'suspend'),
    resume: (id) => act(id, 'resume'),
    log: (id, options = {}) => readLog(http, id, options),
    logLength: (id, options = {}) => logLength(http, id, options),
    followLog: (id, options = {}) => followLog(http, id, options),
    artifacts: async (id) => (await http.json<{ artifacts: ArtifactView[] }>(`/v1/tasks/${id}/artifacts`)).artifacts,
    artifact: async (id, path, options = {}) => {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return bodyOf(await http.raw(`/v1/tasks/${id}/artifacts/${encoded}`, { signal: options.signal }));
    },
  };
}

async function readLog(http: Http, id: number, options: LogOptions): Promise<LogAnswer> {
  const { stream, attempt, range, signal } = options;
  const headers: Record<string, string> = {};
  if (range !== undefined) headers.range = `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}`;
  const response = await http.raw(`/v1/tasks/${id}/log${queryString({ stream, attempt })}`, { headers, signal });
  return { length: numberIn(response, 'x-log-length'), attempt: numberIn(response, 'x-log-attempt'), body: response.body };
}

async function logLength(http: Http, id: number, options: { stream?: LogStream; attempt?: number }): Promise<number> {
  return numberIn(await http.raw(`/v1/tasks/${id}/log${queryString(options)}`, { method: 'HEAD' }), 'x-log-length');
}

function numberIn(response: Response, header: string): number {
  return Number(response.headers.get(header) ?? 0);
}

export function bodyOf(response: Response): ReadableStream<Uint8Array> {
  return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
}

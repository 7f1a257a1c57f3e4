import type { BlockRequest, BlockView } from '../block.ts';
import type { JobPage, JobRequest, JobState, JobView } from '../job.ts';
import type { EdgeList, JobDetail, MovedView } from '../job-detail.ts';
import type { Problem } from '../problem.ts';
import type { TaskPage, TaskStateName } from '../task.ts';
import type { JobWhyView } from '../why.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';

export interface JobListFilter {
  readonly state?: readonly JobState[] | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly owner?: string | undefined;
  /** `name:value`. */
  readonly label?: string | undefined;
  /** Part of the name, whatever its case. */
  readonly name?: string | undefined;
  /** At most 1,000; default 100. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface TasksOfJobFilter {
  readonly state?: readonly TaskStateName[] | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface JobsClient {
  /** `key`: the same key and request again answers the same job (`replayed`). */
  submit(request: JobRequest, options?: { key?: string; signal?: AbortSignal }): Promise<{ job: JobView; replayed: boolean }>;
  /** Up to 1,000; in the order of the requests, each a job or the problem that it met. */
  submitMany(requests: readonly JobRequest[]): Promise<readonly (JobView | { readonly problem: Problem })[]>;
  /** Newest first. */
  list(filter?: JobListFilter): Promise<JobPage>;
  show(id: number): Promise<JobDetail>;
  /** What keeps its tasks from starting. */
  why(id: number): Promise<JobWhyView>;
  /** Workers that get no tasks of a kind of it. */
  blocks(id: number): Promise<readonly BlockView[]>;
  block(id: number, request: BlockRequest): Promise<readonly BlockView[]>;
  /** All of them, or one worker, or one kind. */
  forgive(id: number, whom?: { worker?: number; kind?: string }): Promise<readonly BlockView[]>;
  /** In id order. */
  /** What waits for what. */
  edges(id: number): Promise<EdgeList>;
  tasks(id: number, filter?: TasksOfJobFilter): Promise<TaskPage>;
  cancel(id: number, options?: { kill?: boolean }): Promise<MovedView>;
  hold(id: number): Promise<MovedView>;
  release(id: number): Promise<MovedView>;
  retry(id: number): Promise<MovedView>;
  setPriority(id: number, priority: number): Promise<MovedView>;
  delete(id: number): Promise<MovedView>;
  /** One look of at most 60 s: the job as it is when it ended, or when the time was over. */
  waitOnce(id: number, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<JobView>;
  /** Until the job has ended. Throws when the server cannot be reached: wait again as you see fit. */
  wait(id: number, options?: { signal?: AbortSignal }): Promise<JobView>;
}

export function jobsClient(http: Http): JobsClient {
  const act = (id: number, verb: string, json: unknown = {}): Promise<MovedView> =>
    http.json(`/v1/jobs/${id}/${verb}`, { method: 'POST', json });
  const waitOnce: JobsClient['waitOnce'] = (id, { timeoutMs = 30_000, signal } = {}) =>
    http.json(`/v1/jobs/${id}/wait${queryString({ timeoutMs })}`, { signal });
  return {
    submit: (request, options = {}) => submit(http, request, options),
    submitMany: async (requests) => {
      const answer = await http.json<{ jobs: BulkItems }>('/v1/jobs/batch', { method: 'POST', json: { jobs: requests } });
      return answer.jobs;
    },
    list: (filter = {}) => http.json(`/v1/jobs${queryString({ ...filter })}`),
    show: (id) => http.json(`/v1/jobs/${id}`),
    why: (id) => http.json(`/v1/jobs/${id}/why`),
    blocks: async (id) => (await http.json<{ blocks: BlockView[] }>(`/v1/jobs/${id}/blocks`)).blocks,
    block: async (id, json) =>
      (await http.json<{ blocks: BlockView[] }>(`/v1/jobs/${id}/blocks`, { method: 'POST', json })).blocks,
    forgive: async (id, whom = {}) =>
      (await http.json<{ blocks: BlockView[] }>(`/v1/jobs/${id}/blocks${queryString({ ...whom })}`, { method: 'DELETE' })).blocks,
    tasks: (id, filter = {}) => http.json(`/v1/jobs/${id}/tasks${queryString({ ...filter })}`),
    edges: (id) => http.json(`/v1/jobs/${id}/edges`),
    cancel: (id, options = {}) => act(id, 'cancel', options),
    hold: (id) => act(id, 'hold'),
    release: (id) => act(id, 'release'),
    retry: (id) => act(id, 'retry'),
    setPriority: (id, priority) => act(id, 'priority', { priority }),
    delete: (id) => http.json(`/v1/jobs/${id}`, { method: 'DELETE' }),
    waitOnce,
    wait: async (id, options = {}) => {
      for (;;) {
        const job = await waitOnce(id, options);
        if (hasEnded(job.state)) return job;
      }
    },
  };
}

type BulkItems = readonly (JobView | { readonly problem: Problem })[];

export function hasEnded(state: JobState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}

async function submit(
  http: Http,
  request: JobRequest,
  options: { key?: string; signal?: AbortSignal },
): Promise<{ job: JobView; replayed: boolean }> {
  const headers: Record<string, string> = options.key === undefined ? {} : { 'idempotency-key': options.key };
  const response = await http.raw('/v1/jobs', { method: 'POST', json: request, headers, signal: options.signal });
  const job = (await response.json()) as JobView;
  return { job, replayed: response.headers.get('idempotent-replayed') === 'true' };
}

import type { BlockView } from '../block.ts';
import type { PoolView } from '../pool.ts';
import type { SleepRequest, SleepView } from '../sleep-schedule.ts';
import type { WorkerDetail } from '../system.ts';
import type { WishRequest, WorkerView } from '../worker.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';

export interface WorkersClient {
  list(): Promise<readonly WorkerView[]>;
  show(id: number): Promise<WorkerDetail>;
  /** Jobs of which it gets no tasks of a kind. */
  blocks(id: number): Promise<readonly BlockView[]>;
  /** Asks it to become something; it follows as soon as it can. */
  wish(id: number, wish: WishRequest): Promise<WorkerView>;
  approve(id: number): Promise<WorkerView>;
  /** When it sleeps; a problem `not_found` where nobody has said so. */
  sleep(id: number): Promise<SleepView>;
  /** Null: no schedule any more. */
  setSleep(id: number, schedule: SleepRequest | null): Promise<void>;
  /** Refused while it holds tasks, unless `force`. */
  forget(id: number, options?: { force?: boolean }): Promise<void>;
}

export function workersClient(http: Http): WorkersClient {
  return {
    list: async () => (await http.json<{ workers: WorkerView[] }>('/v1/workers')).workers,
    show: (id) => http.json(`/v1/workers/${id}`),
    blocks: async (id) => (await http.json<{ blocks: BlockView[] }>(`/v1/workers/${id}/blocks`)).blocks,
    wish: (id, json) => http.json(`/v1/workers/${id}/wish`, { method: 'POST', json }),
    approve: (id) => http.json(`/v1/workers/${id}/approve`, { method: 'POST', json: {} }),
    sleep: (id) => http.json(`/v1/workers/${id}/sleep`),
    setSleep: async (id, json) => {
      if (json === null) await http.raw(`/v1/workers/${id}/sleep`, { method: 'DELETE' });
      else await http.json(`/v1/workers/${id}/sleep`, { method: 'PUT', json });
    },
    forget: async (id, options = {}) => {
      await http.raw(`/v1/workers/${id}${queryString(options)}`, { method: 'DELETE' });
    },
  };
}

export interface PoolsClient {
  list(): Promise<readonly PoolView[]>;
  set(name: string, total: number): Promise<PoolView>;
  remove(name: string): Promise<void>;
}

export function poolsClient(http: Http): PoolsClient {
  const path = (name: string): string => `/v1/pools/${encodeURIComponent(name)}`;
  return {
    list: async () => (await http.json<{ pools: PoolView[] }>('/v1/pools')).pools,
    set: (name, total) => http.json(path(name), { method: 'PUT', json: { total } }),
    remove: async (name) => {
      await http.raw(path(name), { method: 'DELETE' });
    },
  };
}

import type { ScheduleRequest, ScheduleRun, ScheduleView } from '../schedule.ts';
import type { Http } from './http.ts';

export interface SchedulesClient {
  list(): Promise<readonly ScheduleView[]>;
  get(id: number): Promise<ScheduleView>;
  add(schedule: ScheduleRequest): Promise<ScheduleView>;
  pause(id: number): Promise<ScheduleView>;
  resume(id: number): Promise<ScheduleView>;
  /** Submits its job now, beside its times. */
  run(id: number): Promise<ScheduleRun>;
  remove(id: number): Promise<void>;
}

export function schedulesClient(http: Http): SchedulesClient {
  const path = (id: number, verb = ''): string => `/v1/schedules/${id}${verb}`;
  const post = { method: 'POST', json: {} } as const;
  return {
    list: async () => (await http.json<{ schedules: ScheduleView[] }>('/v1/schedules')).schedules,
    get: (id) => http.json(path(id)),
    add: (json) => http.json('/v1/schedules', { method: 'POST', json }),
    pause: (id) => http.json(path(id, '/pause'), post),
    resume: (id) => http.json(path(id, '/resume'), post),
    run: (id) => http.json(path(id, '/run'), post),
    remove: async (id) => {
      await http.raw(path(id), { method: 'DELETE' });
    },
  };
}

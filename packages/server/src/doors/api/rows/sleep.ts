import { SleepRequest, SleepView } from '@switchyard/sdk/sleep-schedule.ts';
import { refuse } from '../../../domain/errors.ts';
import { clockTime, localZone, minutesOf, type SleepSchedule, type Weekday } from '../../../domain/sleep-schedule.ts';
import type { ScheduleOf } from '../../../engine/sleep-schedules.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';
import { timeOf } from '../views/time.ts';

/** When a worker sleeps, whichever door it came in by. */
export function sleepRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  const shared = { path: '/v1/workers/:id/sleep', tags: ['workers'], params: IdParam } as const;
  return [
    row({
      ...shared,
      method: 'GET',
      summary: 'When the worker sleeps.',
      right: 'worker:read',
      answers: { 200: SleepView },
      handle: async ({ by, params }) => {
        const worker = await engine.query.worker(by, params.id);
        if (worker.refusal !== undefined) return refused(worker.refusal);
        const schedule = engine.sleepSchedules.of(params.id);
        if (schedule === null) return refused(refuse('not_found', `${worker.value.name} has no sleep schedule`).refusal);
        return ok(sleepView(schedule));
      },
    }),
    row({
      ...shared,
      method: 'PUT',
      summary:
        'Sets when the worker sleeps; takes effect at once. What somebody asks of it by hand holds until the next boundary.',
      right: 'worker:control',
      body: SleepRequest,
      answers: { 200: SleepView },
      handle: async ({ by, params, body }) => shown(await engine.sleepSchedules.set(by, params.id, scheduleOf(body)), sleepView),
    }),
    row({
      ...shared,
      method: 'DELETE',
      summary: 'Removes the schedule; the worker stays as it is.',
      right: 'worker:control',
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const removed = await engine.sleepSchedules.remove(by, params.id);
        return removed.refusal === undefined ? done : refused(removed.refusal);
      },
    }),
  ];
}

function scheduleOf({ active = true, days = [], start, end, zone = localZone() }: SleepRequest): SleepSchedule {
  return { active, days: days as Weekday[], start: minutesOf(start), end: minutesOf(end), zone };
}

function sleepView({ schedule, nextCheck }: ScheduleOf): SleepView {
  const { active, days, start, end, zone } = schedule;
  return {
    ...{ active, days: [...days], zone },
    ...{ start: clockTime(start), end: clockTime(end) },
    nextCheck: nextCheck === null ? null : timeOf(nextCheck),
  };
}

import { ScheduleList, ScheduleRequest, ScheduleRun, ScheduleView } from '@switchyard/sdk/schedule.ts';
import type { KeptSchedule, Run } from '../../../schedules/record.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, NoFields } from '../schemas.ts';
import { timeOf, timeOrNull } from '../views/time.ts';

/** Jobs that are submitted by the clock. */
export function scheduleRows(context: ApiContext): HttpRow[] {
  const { schedules } = context;
  const row = rowDefiner(context);
  const tags = ['schedules'];
  const one = { path: '/v1/schedules/:id', tags, params: IdParam } as const;
  const verb = (name: 'pause' | 'resume', summary: string): HttpRow =>
    row({
      ...one,
      method: 'POST',
      path: `/v1/schedules/:id/${name}`,
      summary,
      right: 'job:control',
      body: NoFields,
      answers: { 200: ScheduleView },
      handle: async ({ by, params }) => shown(await schedules[name](by, params.id), view),
    });
  return [
    row({
      method: 'GET',
      path: '/v1/schedules',
      summary: 'Jobs that are submitted by the clock.',
      right: 'job:read',
      tags,
      answers: { 200: ScheduleList },
      handle: ({ by }) => ok({ schedules: schedules.list(by).map(view) }),
    }),
    row({
      method: 'POST',
      path: '/v1/schedules',
      summary: 'Makes a schedule; its jobs belong to whoever makes it and have the rights that he has when they are submitted.',
      right: 'job:submit',
      tags,
      body: ScheduleRequest,
      answers: { 201: ScheduleView },
      handle: async ({ by, body }) => {
        const { value, refusal } = await schedules.add(by, body as ScheduleRequest);
        if (refusal !== undefined) return refused(refusal);
        return { status: 201, headers: { location: `/v1/schedules/${value.id}` }, body: view(value) };
      },
    }),
    row({
      ...one,
      method: 'GET',
      summary: 'One schedule with its last runs.',
      right: 'job:read',
      answers: { 200: ScheduleView },
      handle: ({ by, params }) => shown(schedules.get(by, params.id), view),
    }),
    verb('pause', 'Submits nothing until it is resumed.'),
    verb('resume', 'Goes on with the next moment; what came due meanwhile is left out.'),
    row({
      ...one,
      method: 'POST',
      path: '/v1/schedules/:id/run',
      summary: 'Submits its job now, beside its times and whatever of it runs.',
      right: 'job:control',
      body: NoFields,
      answers: { 200: ScheduleRun },
      handle: async ({ by, params }) => shown(await schedules.run(by, params.id), runView),
    }),
    row({
      ...one,
      method: 'DELETE',
      summary: 'Removes a schedule; its jobs stay.',
      right: 'job:control',
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const { refusal } = await schedules.remove(by, params.id);
        return refusal === undefined ? done : refused(refusal);
      },
    }),
  ];
}

function view(schedule: KeptSchedule): ScheduleView {
  const { id, name, owner, timing, overlap, missed, withinMs, paused, next, createdAt, runs, job } = schedule;
  return {
    ...{ id, name, owner, ...timing, overlap, missed, withinMs, job },
    state: paused !== null ? 'paused' : next === null ? 'done' : 'active',
    paused: paused === null ? null : { at: timeOf(paused.at), text: paused.text },
    next: paused === null ? timeOrNull(next) : null,
    createdAt: timeOf(createdAt),
    runs: runs.map(runView),
  };
}

const runView = ({ due, at, ...rest }: Run): ScheduleRun => ({ due: timeOf(due), at: timeOf(at), ...rest });

import { JobWhyView, TaskWhyView } from '@switchyard/sdk/why.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';
import { jobWhyView, taskWhyView } from '../views/why-view.ts';

export function whyRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tasks/:id/why',
      summary: 'Why the task waits: everything that keeps it, in words and as data; nothing when the next claim takes it.',
      right: 'job:read',
      tags: ['tasks'],
      params: IdParam,
      answers: { 200: TaskWhyView },
      handle: async ({ by, params }) => shown(await engine.command(by, 'why', { task: params.id }), taskWhyView),
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id/why',
      summary: 'Why the job waits: what keeps its first hundred waiting tasks, each reason once.',
      right: 'job:read',
      tags: ['jobs'],
      params: IdParam,
      answers: { 200: JobWhyView },
      handle: async ({ by, params }) => shown(await engine.command(by, 'why', { job: params.id }), jobWhyView),
    }),
  ];
}

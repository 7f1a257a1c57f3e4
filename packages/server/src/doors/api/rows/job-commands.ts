import { MovedView } from '@switchyard/sdk/job-detail.ts';
import { CancelRequest, PriorityRequest } from '@switchyard/sdk/requests.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, NoFields } from '../schemas.ts';
import { movedView } from '../views/job-view.ts';

/** Commands on whole jobs that need nothing but the job. */
const plain = [
  { verb: 'hold', summary: 'Starts nothing more of the job until it is released.' },
  { verb: 'release', summary: 'Lets a held job go on.' },
  { verb: 'retry', summary: 'Queues what failed or was canceled again, and what was canceled because of it.' },
] as const;

export function jobCommandRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  const shared = { right: 'job:control', tags: ['jobs'], params: IdParam, answers: { 200: MovedView } } as const;
  return [
    row({
      ...shared,
      method: 'POST',
      path: '/v1/jobs/:id/cancel',
      summary: 'Cancels what waits; with `kill` also ends what runs.',
      body: CancelRequest,
      handle: async ({ by, params, body }) =>
        shown(await engine.command(by, 'cancel', { job: params.id, kill: body.kill ?? false }), movedView),
    }),
    row({
      ...shared,
      method: 'POST',
      path: '/v1/jobs/:id/priority',
      summary: 'Sets the priority of the job; higher goes first.',
      body: PriorityRequest,
      handle: async ({ by, params, body }) =>
        shown(await engine.command(by, 'setPriority', { job: params.id, priority: body.priority }), movedView),
    }),
    ...plain.map(({ verb, summary }) =>
      row({
        ...shared,
        method: 'POST',
        path: `/v1/jobs/:id/${verb}`,
        summary,
        body: NoFields,
        handle: async ({ by, params }) => shown(await engine.command(by, verb, { job: params.id }), movedView),
      }),
    ),
    row({
      ...shared,
      method: 'DELETE',
      path: '/v1/jobs/:id',
      summary: 'Deletes the job: gone from sight at once, from the disk when nothing of it runs any more.',
      handle: async ({ by, params }) => shown(await engine.command(by, 'delete', { job: params.id }), movedView),
    }),
  ];
}

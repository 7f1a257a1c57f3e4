import { HubView } from '@switchyard/sdk/hub.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';

const Uuid = Type.Object({ uuid: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const off = { on: false, clients: [], clientCount: 0, services: [], serviceCount: 0, messages: 0, deliveries: 0 };

/** Who is connected to the hub, whichever door it came in by. */
export function hubRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/hub',
      summary: 'Live clients, services, subscriptions, and how many messages there were.',
      right: 'worker:read',
      tags: ['server'],
      answers: { 200: HubView },
      handle: () => ok(context.hub()?.look() ?? off),
    }),
    row({
      method: 'DELETE',
      path: '/v1/hub/clients/:uuid',
      summary: 'Sends a live client away; it may come back.',
      right: 'worker:control',
      tags: ['server'],
      params: Uuid,
      answers: { 204: null },
      handle: ({ params }) =>
        context.hub()?.remove(params.uuid) === true
          ? done
          : refused(refuse('not_found', `There is no client ${params.uuid}`).refusal),
    }),
  ];
}

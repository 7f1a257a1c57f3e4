import {
  DeliveryList,
  DeliveryView,
  WebhookCreated,
  WebhookList,
  WebhookRequest,
  WebhookSecret,
  WebhookView,
} from '@switchyard/sdk/webhook.ts';
import { may, type Principal } from '../../../domain/principal.ts';
import type { Delivery, KeptWebhook } from '../../../webhooks/record.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, NoFields } from '../schemas.ts';
import { timeOf, timeOrNull } from '../views/time.ts';

/** Changes, sent to where somebody wants them. */
export function webhookRows(context: ApiContext): HttpRow[] {
  const { webhooks } = context;
  const row = rowDefiner(context);
  const tags = ['webhooks'];
  const one = { path: '/v1/webhooks/:id', tags, params: IdParam } as const;
  const verb = { ...one, method: 'POST', right: 'job:control', body: NoFields } as const;
  return [
    row({
      method: 'GET',
      path: '/v1/webhooks',
      summary: 'Where changes are sent to as they happen.',
      right: 'job:read',
      tags,
      answers: { 200: WebhookList },
      handle: ({ by }) => ok({ webhooks: webhooks.list(by).map((one) => view(by, one)) }),
    }),
    row({
      method: 'POST',
      path: '/v1/webhooks',
      summary: 'Makes a webhook, from the next change on. It gets what whoever makes it may see; its secret is shown this once.',
      right: 'job:control',
      tags,
      body: WebhookRequest,
      answers: { 201: WebhookCreated },
      handle: async ({ by, body }) => {
        const { value, refusal } = await webhooks.add(by, body as WebhookRequest);
        if (refusal !== undefined) return refused(refusal);
        const { webhook, secret } = value;
        const headers = { location: `/v1/webhooks/${webhook.id}`, 'cache-control': 'no-store' };
        return { status: 201, headers, body: { ...view(by, webhook), secret } };
      },
    }),
    row({
      ...one,
      method: 'GET',
      summary: 'One webhook.',
      right: 'job:read',
      answers: { 200: WebhookView },
      handle: ({ by, params }) => shown(webhooks.get(by, params.id), (one) => view(by, one)),
    }),
    row({
      ...one,
      method: 'GET',
      path: '/v1/webhooks/:id/deliveries',
      summary: 'What was sent lately, and what came of it.',
      right: 'job:read',
      answers: { 200: DeliveryList },
      handle: ({ by, params }) =>
        shown(webhooks.get(by, params.id), ({ state }) => ({ deliveries: state.log.map(deliveryView) })),
    }),
    row({
      ...verb,
      path: '/v1/webhooks/:id/pause',
      summary: 'Sends nothing until it is resumed; then it goes on where it stood.',
      answers: { 200: WebhookView },
      handle: async ({ by, params }) => shown(await webhooks.pause(by, params.id), (one) => view(by, one)),
    }),
    row({
      ...verb,
      path: '/v1/webhooks/:id/resume',
      summary: 'Goes on where it stood, at once.',
      answers: { 200: WebhookView },
      handle: async ({ by, params }) => shown(await webhooks.resume(by, params.id), (one) => view(by, one)),
    }),
    row({
      ...verb,
      path: '/v1/webhooks/:id/test',
      summary: 'Sends one event `webhook.test` now and answers what came of it.',
      answers: { 200: DeliveryView },
      handle: async ({ by, params }) => shown(await webhooks.test(by, params.id), deliveryView),
    }),
    row({
      ...verb,
      path: '/v1/webhooks/:id/secret',
      summary: 'A new secret, shown this once; the old one ends at once.',
      answers: { 200: WebhookSecret },
      handle: async ({ by, params }) => shown(await webhooks.renew(by, params.id), (secret) => ({ secret })),
    }),
    row({
      ...one,
      method: 'DELETE',
      summary: 'Removes a webhook and its secret.',
      right: 'job:control',
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const { refusal } = await webhooks.remove(by, params.id);
        return refusal === undefined ? done : refused(refusal);
      },
    }),
  ];
}

/** Addresses of many services let in whoever knows them: only who may steer webhooks is shown the whole of one. */
const urlFor = (by: Principal, url: string): string => (may(by, 'job:control') ? url : `${new URL(url).origin}/…`);

function view(reader: Principal, webhook: KeptWebhook): WebhookView {
  const { id, name, by, kinds, states, owner, label, createdAt, state } = webhook;
  const { paused, failures, nextAt, cursor } = state;
  return {
    ...{ id, name, by, url: urlFor(reader, webhook.url), owner, label, failures, cursor },
    ...{ kinds: [...kinds], states: [...states] },
    state: paused !== null ? 'paused' : failures > 0 ? 'failing' : 'active',
    paused: paused === null ? null : { at: timeOf(paused.at), text: paused.text },
    nextAt: timeOrNull(nextAt),
    createdAt: timeOf(createdAt),
  };
}

const deliveryView = ({ at, ...rest }: Delivery): DeliveryView => ({ at: timeOf(at), ...rest });

import type { DeliveryView, WebhookCreated, WebhookRequest, WebhookSecret, WebhookView } from '../webhook.ts';
import type { Http } from './http.ts';

export interface WebhooksClient {
  list(): Promise<readonly WebhookView[]>;
  get(id: number): Promise<WebhookView>;
  /** The secret is shown this once. */
  add(webhook: WebhookRequest): Promise<WebhookCreated>;
  pause(id: number): Promise<WebhookView>;
  resume(id: number): Promise<WebhookView>;
  /** Sends a test event now, once. */
  test(id: number): Promise<DeliveryView>;
  /** A new secret; the old one ends at once. */
  renew(id: number): Promise<WebhookSecret>;
  /** Newest first. */
  deliveries(id: number): Promise<readonly DeliveryView[]>;
  remove(id: number): Promise<void>;
}

export function webhooksClient(http: Http): WebhooksClient {
  const path = (id: number, verb = ''): string => `/v1/webhooks/${id}${verb}`;
  const post = { method: 'POST', json: {} } as const;
  return {
    list: async () => (await http.json<{ webhooks: WebhookView[] }>('/v1/webhooks')).webhooks,
    get: (id) => http.json(path(id)),
    add: (json) => http.json('/v1/webhooks', { method: 'POST', json }),
    pause: (id) => http.json(path(id, '/pause'), post),
    resume: (id) => http.json(path(id, '/resume'), post),
    test: (id) => http.json(path(id, '/test'), post),
    renew: (id) => http.json(path(id, '/secret'), post),
    deliveries: async (id) => (await http.json<{ deliveries: DeliveryView[] }>(path(id, '/deliveries'))).deliveries,
    remove: async (id) => {
      await http.raw(path(id), { method: 'DELETE' });
    },
  };
}

import type { ChangeKind } from '../domain/change.ts';
import type { Millis } from '../domain/ids.ts';

/** A webhook as kept: collection `webhook`, under its id. Its secret is sealed elsewhere (`secretName`). */
export interface Webhook {
  readonly name: string;
  readonly url: string;
  /** Id of the principal whose rights say what it gets. */
  readonly by: string;
  /** Empty: all. */
  readonly kinds: readonly ChangeKind[];
  /** Of `job.changed` only these states; empty: all. */
  readonly states: readonly string[];
  readonly owner: string | null;
  readonly label: { readonly name: string; readonly value: string } | null;
  readonly createdAt: Millis;
}

/** How far it is: collection `webhook-state`, under the same id. Written after each delivery. */
export interface WebhookState {
  /** Every change up to this number has been delivered, or was not for it. */
  readonly cursor: number;
  /** In a row. */
  readonly failures: number;
  readonly failingSince: Millis | null;
  readonly nextAt: Millis | null;
  readonly paused: { readonly at: Millis; readonly text: string } | null;
  /** Changes after `after` up to `upTo` were removed before they could be delivered; told with the next delivery. */
  readonly lost: { readonly after: number; readonly upTo: number } | null;
  /** Newest first. */
  readonly log: readonly Delivery[];
}

export interface Delivery {
  readonly at: Millis;
  readonly events: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly status: number | null;
  readonly ms: number;
  readonly error: string | null;
  readonly test: boolean;
}

export interface KeptWebhook extends Webhook {
  readonly id: number;
  readonly state: WebhookState;
}

export const deliveriesKept = 30;

export const secretName = (id: number): string => `webhook.${id}`;

export const newState = (cursor: number): WebhookState => ({
  cursor,
  ...{ failures: 0, failingSince: null, nextAt: null, paused: null, lost: null, log: [] },
});

import Type, { type Static } from 'typebox';
import { closed, Id, limits, Name, Time } from './names.ts';

const OrNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Label = Type.Object({ name: Name, value: Type.String({ maxLength: limits.labelLength }) }, closed);

/** Where changes are sent to as they happen. */
export const WebhookRequest = Type.Object(
  {
    name: Name,
    /** `https://…` or `http://…`, without user and password. */
    url: Type.String({ minLength: 8, maxLength: 2_048 }),
    /** Kinds of changes, such as `job.changed`; default: all that its owner may see. */
    kinds: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50 })),
    /** Only of jobs in these states, such as `failed` (`job.changed`); other kinds are not asked. */
    states: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 20 }), { maxItems: 10 })),
    /** Only of jobs of this owner. */
    owner: Type.Optional(Name),
    /** Only of jobs with this label. */
    label: Type.Optional(Label),
  },
  closed,
);
export type WebhookRequest = Static<typeof WebhookRequest>;

export const WebhookView = Type.Object({
  id: Id,
  name: Type.String(),
  /** Whose rights say what it gets. */
  by: Type.String(),
  url: Type.String(),
  kinds: Type.Array(Type.String()),
  states: Type.Array(Type.String()),
  owner: OrNull(Type.String()),
  label: OrNull(Label),
  /** `failing`: deliveries are being tried again. */
  state: Type.Enum(['active', 'failing', 'paused']),
  paused: OrNull(Type.Object({ at: Time, text: Type.String() })),
  failures: Type.Integer(),
  /** When it is tried again. */
  nextAt: OrNull(Time),
  /** Every change up to this number has been delivered, or was not for it. */
  cursor: Type.Integer(),
  createdAt: Time,
});
export type WebhookView = Omit<Static<typeof WebhookView>, 'state'> & { state: 'active' | 'failing' | 'paused' };

export const WebhookList = Type.Object({ webhooks: Type.Array(WebhookView) });
export type WebhookList = { webhooks: WebhookView[] };

/** The secret is shown this once. */
export const WebhookCreated = Type.Object({ ...WebhookView.properties, secret: Type.String() });
export type WebhookCreated = WebhookView & { secret: string };

export const WebhookSecret = Type.Object({ secret: Type.String() });
export type WebhookSecret = Static<typeof WebhookSecret>;

/** One attempt. */
export const DeliveryView = Type.Object({
  at: Time,
  /** How many events, and the numbers of the first and the last. */
  events: Type.Integer(),
  first: OrNull(Type.Integer()),
  last: OrNull(Type.Integer()),
  /** Of the answer; null: there was none. */
  status: OrNull(Type.Integer()),
  ms: Type.Integer(),
  error: OrNull(Type.String()),
  test: Type.Boolean(),
});
export type DeliveryView = Static<typeof DeliveryView>;

/** The newest thirty, newest first. */
export const DeliveryList = Type.Object({ deliveries: Type.Array(DeliveryView) });
export type DeliveryList = Static<typeof DeliveryList>;

import Type, { type Static } from 'typebox';

/** Live clients of the Concierge door and the services that they offer. Nothing of it is stored. */
export const HubClientView = Type.Object({
  uuid: Type.String(),
  name: Type.String(),
  nickname: Type.Union([Type.String(), Type.Null()]),
  tags: Type.Array(Type.String()),
  /** Of its connection; empty for what lives within the server. */
  address: Type.String(),
  /** Names of services. */
  subscriptions: Type.Array(Type.String()),
});
export type HubClientView = Static<typeof HubClientView>;

export const HubServiceView = Type.Object({
  name: Type.String(),
  nickname: Type.Union([Type.String(), Type.Null()]),
  /** UUID of the client that offers it. */
  owner: Type.String(),
  ownerName: Type.String(),
  subscribers: Type.Integer(),
});
export type HubServiceView = Static<typeof HubServiceView>;

export const HubView = Type.Object({
  /** False: the door is switched off on this server. */
  on: Type.Boolean(),
  /** In the order of joining; at most `hubLimits.clients`. */
  clients: Type.Array(HubClientView),
  clientCount: Type.Integer(),
  /** In the order of creation; at most `hubLimits.services`. */
  services: Type.Array(HubServiceView),
  serviceCount: Type.Integer(),
  /** Since the start: received, and handed on to receivers. */
  messages: Type.Integer(),
  deliveries: Type.Integer(),
});
export type HubView = Static<typeof HubView>;

export const hubLimits = { clients: 1_000, services: 1_000 } as const;

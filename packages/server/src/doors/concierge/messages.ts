import Type, { type Static } from 'typebox';
import { text } from './limits.ts';

/** What clients say (concierge §2, §3.2). Unknown fields are ignored; null and absent are the same. */
const optional = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Array>>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

/** Bytes are counted by the reader: JSON Schema knows characters only. */
const ServiceName = Type.String({ minLength: 1, maxLength: text.serviceBytes });
const Nickname = optional(Type.String({ maxLength: text.nickname }));
const Service = { service: ServiceName };

export const Identify = Type.Object({
  type: Type.Literal('IDENTIFY'),
  name: Type.String(),
  nickname: Nickname,
  version: Type.String(),
  secret: optional(Type.String()),
  tags: optional(Type.Array(Type.String({ maxLength: text.tag }), { maxItems: text.tags })),
});
export type Identify = Static<typeof Identify>;

export const MessageTarget = Type.Union([
  Type.Object({ type: Type.Literal('NAME'), name: Type.String() }),
  Type.Object({ type: Type.Literal('UUID'), uuid: Type.String() }),
  Type.Object({ type: Type.Literal('SERVICE'), ...Service }),
  Type.Object({ type: Type.Literal('SERVICE_CLIENT_UUID'), ...Service, uuid: Type.String() }),
  Type.Object({ type: Type.Literal('ALL') }),
]);
export type MessageTarget = Static<typeof MessageTarget>;

const typed = <const N extends string, P extends Parameters<typeof Type.Object>[0]>(name: N, fields: P) =>
  Type.Object({ type: Type.Literal(name), ...fields });

/** By `type`: everything that may follow IDENTIFY. */
export const inbound = {
  MESSAGE: typed('MESSAGE', { target: MessageTarget, data: Type.Unknown() }),
  SELF_SUBSCRIBE: typed('SELF_SUBSCRIBE', Service),
  SELF_UNSUBSCRIBE: typed('SELF_UNSUBSCRIBE', Service),
  SELF_FETCH: typed('SELF_FETCH', {}),
  SELF_SET_SEQ: typed('SELF_SET_SEQ', { seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 }) }),
  SERVICE_CREATE: typed('SERVICE_CREATE', { ...Service, nickname: Nickname }),
  SERVICE_DELETE: typed('SERVICE_DELETE', Service),
  SERVICE_FETCH: typed('SERVICE_FETCH', Service),
  SERVICE_FETCH_ALL: typed('SERVICE_FETCH_ALL', {}),
  CLIENT_FETCH_ALL: typed('CLIENT_FETCH_ALL', {}),
  CLIENT_FETCH: typed('CLIENT_FETCH', { uuid: Type.String() }),
} as const;

export type InboundType = keyof typeof inbound;
export type Inbound<N extends InboundType = InboundType> = Static<(typeof inbound)[N]>;

/** Old names, taken and never said (concierge §3.6). */
export const typeAliases: ReadonlyMap<string, InboundType> = new Map([
  ['CREATE_SERVICE', 'SERVICE_CREATE'],
  ['DELETE_SERVICE', 'SERVICE_DELETE'],
]);

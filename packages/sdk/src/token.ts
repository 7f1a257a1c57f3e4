import Type, { type Static } from 'typebox';
import { Time } from './names.ts';

const timeOrNull = Type.Union([Time, Type.Null()]);

export const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  createdAt: Time,
  expiresAt: timeOrNull,
  /** Coarse: kept to the minute. */
  lastUsedAt: timeOrNull,
});
export type TokenView = Static<typeof TokenView>;

/** `token` is shown this once and never again. */
export const TokenCreated = Type.Object({ ...TokenView.properties, token: Type.String() });
export type TokenCreated = Static<typeof TokenCreated>;

export const TokenList = Type.Object({ tokens: Type.Array(TokenView) });
export type TokenList = Static<typeof TokenList>;

export const AuditView = Type.Object({
  id: Type.Integer(),
  at: Time,
  by: Type.String(),
  name: Type.String(),
  command: Type.String(),
  subject: Type.String(),
  /** Error code, where it was refused. */
  refusal: Type.Union([Type.String(), Type.Null()]),
});
export type AuditView = Static<typeof AuditView>;

export const AuditPage = Type.Object({ entries: Type.Array(AuditView), next: Type.Union([Type.String(), Type.Null()]) });
export type AuditPage = Static<typeof AuditPage>;

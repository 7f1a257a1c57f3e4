import type { Millis } from '../domain/ids.ts';
import { isRole, type Principal, principalWith, type Role } from '../domain/principal.ts';
import type { SessionEntry } from './session-list.ts';

/** A token as kept: collection `token`, under its id. A revoked one stays, without its hash, so that ids are never reused. */
export interface TokenRecord {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret, base64url; empty once revoked. */
  readonly hash: string;
  /** Task kinds that it may submit or run; null: any. */
  readonly kinds: readonly string[] | null;
  /** Id of the principal that made it. */
  readonly createdBy: string;
  readonly createdAt: Millis;
  readonly expiresAt: Millis | null;
  /** Kept to the minute. */
  readonly lastUsedAt: Millis | null;
  readonly revokedAt: Millis | null;
  /** Web pages that were let in on this token; they end with it. */
  readonly sessions?: readonly SessionEntry[];
}

export const tokenCollection = 'token';

export function isLive(record: Pick<TokenRecord, 'expiresAt' | 'revokedAt'>, now: Millis): boolean {
  return record.revokedAt === null && (record.expiresAt === null || now < record.expiresAt);
}

/** Null: a role that this version does not know gives no rights. */
export function principalOf(id: string, record: TokenRecord): Principal | null {
  return isRole(record.role) ? principalWith(record.role, `token:${id}`, record.name, record.kinds) : null;
}

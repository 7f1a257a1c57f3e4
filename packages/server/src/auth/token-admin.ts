import { type Result, refuse } from '../domain/errors.ts';
import { may, type Principal, type Role } from '../domain/principal.ts';
import type { Noter } from './audit-notes.ts';
import type { TokenInfo, Tokens } from './tokens.ts';

/** Tokens as the API shows them: times in ISO 8601, revoked ones left out. */
export interface TokenAdmin {
  create(by: Principal, request: TokenRequest): Promise<Result<ShownToken & { readonly token: string }>>;
  list(): Promise<readonly ShownToken[]>;
  /** False: there is no such token, or this principal may not revoke any. */
  revoke(by: Principal, id: string): Promise<boolean>;
}

export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt?: string;
}

export interface ShownToken {
  id: string;
  name: string;
  role: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

export function createTokenAdmin(tokens: Tokens, note: Noter): TokenAdmin {
  return {
    async create(by, { name, role, expiresAt }) {
      if (!may(by, 'admin:write')) return refuse('forbidden', 'Only an administrator makes tokens');
      const expires = expiresAt === undefined ? null : Date.parse(expiresAt);
      const made = await tokens.create(by, { name, role, expiresAt: expires });
      if (made.refusal !== undefined) return made;
      const { info, token } = made.value;
      note({ by, command: 'createToken', subject: `token ${info.id} (${name}), role ${role}`, refusal: null });
      return { value: { ...shown(info), token } };
    },
    async list() {
      return (await tokens.list()).filter((info) => info.revokedAt === null).map(shown);
    },
    async revoke(by, id) {
      const revoked = may(by, 'admin:write') && (await tokens.revoke(id));
      if (revoked) note({ by, command: 'revokeToken', subject: `token ${id}`, refusal: null });
      return revoked;
    },
  };
}

const iso = (at: number): string => new Date(at).toISOString();

function shown(info: TokenInfo): ShownToken {
  return {
    id: info.id,
    name: info.name,
    role: info.role,
    createdAt: iso(info.createdAt),
    expiresAt: info.expiresAt === null ? null : iso(info.expiresAt),
    lastUsedAt: info.lastUsedAt === null ? null : iso(info.lastUsedAt),
  };
}

import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { isRole, type Principal, principalWith, type Role } from '../domain/principal.ts';
import type { SessionEntry } from './session-list.ts';

/** A person's account as kept: collection `account`, under its name without regard to case. */
export interface AccountRecord {
  /** A UUID, never used again: jobs belong to it, and a later account of the same name does not inherit them. */
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly role: Role;
  /** PHC string (Argon2id); null: none is set, nobody signs in. */
  readonly password: string | null;
  readonly disabled: boolean;
  readonly createdBy: string;
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
  readonly lastLoginAt: Millis | null;
  readonly sessions: readonly SessionEntry[];
}

/** An account as people and doors may see it. */
export type Account = Omit<AccountRecord, 'password' | 'sessions'> & { readonly sessionCount: number };

type NewAccount = Omit<AccountRecord, 'disabled' | 'updatedAt' | 'lastLoginAt' | 'sessions'>;

export function newAccount(facts: NewAccount): AccountRecord {
  return { ...facts, disabled: false, updatedAt: facts.createdAt, lastLoginAt: null, sessions: [] };
}

export const accountCollection = 'account';

/** Bytes of UTF-8. What a door's own clients are told may be stricter (`/v1` asks for eight). */
export const accountRules = {
  usernameLeast: 3,
  usernameMost: 100,
  passwordLeast: 6,
  passwordMost: 1_024,
  emailMost: 254,
} as const;

/** Two names that fold alike are one account. */
export const foldName = (username: string): string => username.normalize('NFKC').toLowerCase();

/** Null: a role that this version does not know, or disabled. */
export function accountPrincipal({
  id,
  username,
  role,
  disabled,
}: Pick<AccountRecord, 'id' | 'username' | 'role' | 'disabled'>): Principal | null {
  return isRole(role) && !disabled ? principalWith(role, principalIdOf(id), username) : null;
}

export const principalIdOf = (account: string): string => `user:${account}`;

export function accountOf({ password: _, sessions, ...rest }: AccountRecord): Account {
  return { ...rest, sessionCount: sessions.length };
}

/** Nothing that steers a terminal or a page, or that looks like another name: no control, format or separator characters. */
const strange = /[\p{C}\p{Zl}\p{Zp}]|^\s|\s$/u;

export function checkUsername(username: string): Result<string> {
  const bytes = Buffer.byteLength(username);
  const { usernameLeast: least, usernameMost: most } = accountRules;
  if (bytes < least || bytes > most) return refuse('invalid', `A username has ${least} to ${most} bytes`, '/username');
  if (strange.test(username))
    return refuse('invalid', 'A username has no control characters and no blanks around it', '/username');
  return { value: username };
}

export function checkPassword(password: string): Result<string> {
  const bytes = Buffer.byteLength(password);
  const { passwordLeast: least, passwordMost: most } = accountRules;
  if (bytes < least || bytes > most) return refuse('invalid', `A password has ${least} to ${most} bytes`, '/password');
  return { value: password };
}

export function checkEmail(email: string | null): Result<string | null> {
  if (email === null || email === '') return { value: null };
  const wrong = !email.includes('@') || Buffer.byteLength(email) > accountRules.emailMost || strange.test(email);
  return wrong ? refuse('invalid', 'This is not an e-mail address', '/email') : { value: email };
}

import type { AccountView, InvitationView, SessionView } from '@switchyard/sdk/account.ts';
import type { Account } from '../../../auth/account-record.ts';
import type { Invitation } from '../../../auth/invitations.ts';
import type { SessionEntry } from '../../../auth/session-list.ts';
import { timeOf } from './time.ts';

export function accountView({ sessionCount, updatedAt: _, ...account }: Account): AccountView {
  const { createdAt, lastLoginAt } = account;
  const times = { createdAt: timeOf(createdAt), lastLoginAt: lastLoginAt === null ? null : timeOf(lastLoginAt) };
  return { ...account, ...times, sessions: sessionCount };
}

/** `present`: id of the session that asks. */
export function sessionView(
  { id, kind, from, createdAt, lastUsedAt, expiresAt }: SessionEntry,
  present: string | null,
): SessionView {
  const times = { createdAt: timeOf(createdAt), lastUsedAt: timeOf(lastUsedAt), expiresAt: timeOf(expiresAt) };
  return { id, kind, from, ...times, present: id === present };
}

export function invitationView({ createdAt, expiresAt, ...rest }: Invitation): InvitationView {
  return { ...rest, createdAt: timeOf(createdAt), expiresAt: timeOf(expiresAt) };
}

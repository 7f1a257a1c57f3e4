import type { ErrorCode } from '../domain/errors.ts';
import type { Principal } from '../domain/principal.ts';
import type { Clock } from '../ports/clock.ts';

/** What happened to accounts, tokens and sessions, for the audit trail. */
export interface AuditNote {
  readonly by: Pick<Principal, 'id' | 'name'>;
  readonly command: AuditedAct;
  /** `user ada`, `token 3`. Never a secret. */
  readonly subject: string;
  readonly refusal: ErrorCode | null;
}

/** Beside the engine's commands, which write theirs in their own transaction. */
export const auditedActs = {
  login: 'signed in with a password',
  logout: 'ended the session that asked',
  register: 'made an account for itself',
  changePassword: 'changed its own password; all other sessions ended',
  changeEmail: 'changed its own e-mail address',
  deleteAccount: 'removed its own account',
  addUser: 'made an account',
  changeUser: 'changed role, state or e-mail address of an account',
  setPassword: 'set the password of an account; its sessions ended',
  removeUser: 'removed an account',
  endSession: 'ended sessions',
  createToken: 'made a token',
  revokeToken: 'ended a token',
  invite: 'made an invitation',
  revokeInvitation: 'took an invitation back',
  createLink: 'made a one-time link',
  useLink: 'came in by a one-time link',
  createAgent: 'made an agent',
  changeAgent: 'changed the name of an agent',
  deleteAgent: 'removed an agent',
  addSchedule: 'made a schedule',
  pauseSchedule: 'paused a schedule',
  resumeSchedule: 'let a schedule go on',
  runSchedule: 'ran a schedule beside its times',
  removeSchedule: 'removed a schedule',
  addWebhook: 'made a webhook',
  pauseWebhook: 'paused a webhook',
  resumeWebhook: 'let a webhook go on',
  renewWebhook: 'made a new secret for a webhook',
  removeWebhook: 'removed a webhook',
  request: 'asked for something that its rights do not allow',
} as const;
export type AuditedAct = keyof typeof auditedActs;

export type Noter = (note: AuditNote) => void;

const sameMs = 10_000;
const mostRemembered = 1_000;

/** The same refusal again and again is one line in ten seconds: a flood must not fill the trail. What succeeded is always kept. */
export function dampedNoter(clock: Clock, keep: Noter): Noter {
  const lately = new Map<string, number>();
  return (note) => {
    if (note.refusal === null) return keep(note);
    const same = JSON.stringify([note.by.id, note.by.name, note.command, note.subject, note.refusal]);
    const now = clock.monotonic();
    const last = lately.get(same);
    if (last !== undefined && now - last < sameMs) return;
    lately.delete(same);
    const [oldest] = lately.keys();
    if (oldest !== undefined && lately.size >= mostRemembered) lately.delete(oldest);
    lately.set(same, now);
    keep(note);
  };
}

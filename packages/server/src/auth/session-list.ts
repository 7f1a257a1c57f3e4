import { hash } from 'node:crypto';
import type { Millis } from '../domain/ids.ts';
import { hashOf, matches } from './token-text.ts';

/**
 * Sessions of one holder (an account, or a token), kept inside the holder's record: what ends the holder, or changes its
 * password, ends them in the same write. Pure.
 */
export interface SessionEntry {
  readonly id: string;
  /** SHA-256 of the secret. Null: a signed token (JWT) stands for it, whose `jti` is the id. */
  readonly hash: string | null;
  readonly kind: SessionKind;
  readonly createdAt: Millis;
  readonly expiresAt: Millis;
  /** Kept to five minutes. */
  readonly lastUsedAt: Millis;
  /** Address and program that it was opened from, for people. */
  readonly from: string;
}

/** A program that sends it as bearer, a page that keeps it as cookie, a JWT. */
export type SessionKind = 'bearer' | 'browser' | 'jwt';

/** Of one holder. The one not used for longest goes for a new one. */
export const mostSessions = 50;
const noteEveryMs = 300_000;

export function withSession(list: readonly SessionEntry[], entry: SessionEntry, now: Millis): SessionEntry[] {
  const live = list.filter(({ expiresAt }) => expiresAt > now).toSorted((a, b) => a.lastUsedAt - b.lastUsedAt);
  return [...live.slice(Math.max(0, live.length - mostSessions + 1)), entry];
}

/** Null: unknown, expired, or the secret does not fit. */
export function sessionOf(
  list: readonly SessionEntry[],
  { id, secret }: { readonly id: string; readonly secret: string | null },
  now: Millis,
): SessionEntry | null {
  const found = list.find((entry) => entry.id === id);
  if (found === undefined || found.expiresAt <= now) return null;
  // What was opened for one kind of proof takes no other.
  const proven = found.hash === null ? secret === null : secret !== null && matches(secret, found.hash);
  return proven ? found : null;
}

/** Whether its last use is worth a note: not when there is one of lately. */
export function noteDue({ lastUsedAt }: SessionEntry, now: Millis): boolean {
  return now - lastUsedAt >= noteEveryMs || now < lastUsedAt;
}

/** The list with the use noted; null: the session is gone. */
export function usedSession(list: readonly SessionEntry[], id: string, now: Millis): SessionEntry[] | null {
  if (!list.some((entry) => entry.id === id)) return null;
  return list.map((entry) => (entry.id === id ? { ...entry, lastUsedAt: now } : entry));
}

/** Who holds the session: `t3` a token, `u` and 32 hex digits an account. */
export interface SessionText {
  readonly holder: { readonly token: string } | { readonly account: string };
  readonly id: string;
  readonly secret: string;
}

export const sessionIdBytes = 16;
export const sessionSecretBytes = 32;
const form = /^sws_(?:t([1-9][0-9]{0,15})|u([0-9a-f]{32}))_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/;

export function sessionText({ holder, id, secret }: SessionText): string {
  const who = 'token' in holder ? `t${holder.token}` : `u${holder.account.replaceAll('-', '')}`;
  return `sws_${who}_${id}_${secret}`;
}

/** Null: not a session of ours. Bounded by the form, whatever is sent. */
export function parseSession(text: string): SessionText | null {
  const [, token, account, id, secret] = form.exec(text) ?? [];
  if (id === undefined || secret === undefined) return null;
  return { holder: token === undefined ? { account: dashed(account ?? '') } : { token }, id, secret };
}

export const secretHash = hashOf;

/**
 * What a page has to send beside its cookie for everything that changes something. Only pages that were given it know it: the
 * cookie itself cannot be read by any.
 */
export const csrfOf = (secret: string): string => hash('sha256', `switchyard csrf ${secret}`, 'base64url');

const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

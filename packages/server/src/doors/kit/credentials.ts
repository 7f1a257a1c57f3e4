import { jwtIdOf } from '../../auth/jwt.ts';
import { csrfOf, parseSession } from '../../auth/session-list.ts';
import type { Credentials, RowRequest } from './http-row.ts';

/** What a request proves itself with. */
export interface Credential {
  readonly text: string;
  readonly by: 'bearer' | 'cookie';
}

type Headers = Credentials['headers'];

/** A page behind TLS keeps it under a name that no other host, and no page without TLS, can set (RFC 6265bis §4.1.3.2). */
export const cookieName = (secure: boolean): string => (secure ? '__Host-switchyard' : 'switchyard');
export const csrfHeader = 'x-switchyard-csrf';

/** The header goes before the cookie. Null: neither. */
export function credentialOf({ headers, secure }: Pick<Credentials, 'headers' | 'secure'>): Credential | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { text: bearer, by: 'bearer' };
  const cookie = headers.authorization === undefined ? cookieOf(headers, cookieName(secure)) : null;
  return cookie === null ? null : { text: cookie, by: 'cookie' };
}

/** What a request stands on: whom it speaks for, and its session where it has one. For answers that last. */
export function standsOn({ by, ...asking }: Pick<RowRequest, 'by' | 'headers' | 'secure'>): readonly string[] {
  const text = credentialOf(asking)?.text ?? '';
  const session = parseSession(text)?.id ?? jwtIdOf(text);
  return session === null ? [by.id] : [by.id, session];
}

/** Whether a page that was sent along with its cookie really meant it: it has to know what only a page of ours was told. */
export function csrfFits(text: string, headers: Headers): boolean {
  const secret = parseSession(text)?.secret;
  return secret !== undefined && headers[csrfHeader] === csrfOf(secret);
}

/** `HttpOnly`: no script reads it. `Strict`: no other site's page sends it. */
export function setCookie(token: string, ms: number, secure: boolean): string {
  const age = Math.max(0, Math.floor(ms / 1_000));
  const parts = [`${cookieName(secure)}=${token}`, 'Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${age}`];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

export const dropCookie = (secure: boolean): string => setCookie('', 0, secure);

function cookieOf(headers: Headers, name: string): string | null {
  for (const part of (headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

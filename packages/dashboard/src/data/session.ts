import type { LinkCreated, PresentSession, SessionCreated } from '@switchyard/sdk/account.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import { createHttp } from '@switchyard/sdk/client/http.ts';

/** Signed in by a cookie that no script can read; what changes something carries this word too. */
export interface Session {
  readonly csrf: string;
}

export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly token: string }
  /** From a one-time link. */
  | { readonly code: string };

const csrfHeader = 'x-switchyard-csrf';
export const headersOf = ({ csrf }: Session): Record<string, string> => ({ [csrfHeader]: csrf });

const http = createHttp({ server: location.origin });

/** Whether it is worth asking: no script sees the cookie, and browsers log every 401 as an error. */
const hint = 'switchyard.signed-in';

/** The session that this browser still has; null: nobody is signed in. */
export async function presentSession(): Promise<Session | null> {
  if (localStorage.getItem(hint) === null) return null;
  try {
    const { csrf } = await http.json<PresentSession>('/v1/session');
    return csrf === null ? null : { csrf };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    localStorage.removeItem(hint);
    return null;
  }
}

export async function signIn(by: Credentials): Promise<Session> {
  const who = 'token' in by ? { code: await codeFor(by.token) } : by;
  const { csrf } = await http.json<SessionCreated>('/v1/session', { method: 'POST', json: { ...who, cookie: true } });
  localStorage.setItem(hint, '1');
  return { csrf: csrf ?? '' };
}

/** A token is not kept in the page: it is used once, for a session that ends when it is revoked. */
async function codeFor(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return (await http.json<LinkCreated>('/v1/links', { method: 'POST', json: {}, headers })).code;
}

export async function signOut(session: Session): Promise<void> {
  localStorage.removeItem(hint);
  await http.raw('/v1/session', { method: 'DELETE', headers: headersOf(session) });
}

/** `/#code=…`: taken out of the address at once, so that it stands in no history. */
export function takeCode(): string | null {
  const code = /^#code=([\w.~-]+)$/.exec(location.hash)?.[1] ?? null;
  if (code !== null) history.replaceState(null, '', location.pathname);
  return code;
}

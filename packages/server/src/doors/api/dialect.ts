import { type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Authenticator } from '../kit/door.ts';
import type { Credentials, HttpDialect } from '../kit/http-row.ts';
import { nobody } from '../kit/row-request.ts';
import { spelling } from './problem.ts';

/** Bearer tokens and problem documents. Rows that ask for no right are open to nobody in particular. */
export function apiDialect(auth: Authenticator): HttpDialect {
  return {
    spelling,
    authenticate: (credentials, row) => {
      const open = row.right === null && !row.path.startsWith('/v1/');
      return open ? { value: nobody } : bearer(auth, credentials);
    },
  };
}

/** Who is behind the `Authorization` header. */
export async function bearer(
  auth: Authenticator,
  { headers, remote }: Pick<Credentials, 'headers' | 'remote'>,
): Promise<Result<Principal>> {
  const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) {
    return refuse('unauthenticated', 'Send a token as `Authorization: Bearer TOKEN`; the first one is in DATA/admin.token');
  }
  // A right token passes whatever others on its address do: one program with a stale token must not shut out everybody on
  // the machine, and 256 random bits are not guessed.
  const who = await auth.token(token, remote);
  if (who !== null) return { value: who };
  if (auth.throttled(remote)) return refuse('too_many', 'Too many wrong tokens from this address; wait a minute');
  auth.failed(remote);
  return refuse('unauthenticated', 'This token is unknown, expired or revoked');
}

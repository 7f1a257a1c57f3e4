import { type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import { credentialOf, csrfFits, csrfHeader } from './credentials.ts';
import type { Authenticator } from './door.ts';
import type { Credentials } from './http-row.ts';

/** Who is behind the `Authorization` header. */
export function bearer(
  auth: Authenticator,
  { headers, remote }: Pick<Credentials, 'headers' | 'remote'>,
): Promise<Result<Principal>> {
  const credential = credentialOf({ headers, secure: false });
  return credential?.by === 'bearer' ? proven(auth, credential.text, remote) : Promise.resolve(noCredential);
}

/** Who is behind the header or the cookie. `acts`: something is going to be changed. */
export async function whoAsks(auth: Authenticator, credentials: Credentials, acts: boolean): Promise<Result<Principal>> {
  const credential = credentialOf(credentials);
  if (credential === null) return noCredential;
  const who = await proven(auth, credential.text, credentials.remote);
  if (who.refusal !== undefined || credential.by === 'bearer' || !acts) return who;
  if (csrfFits(credential.text, credentials.headers)) return who;
  return refuse(
    'foreign_origin',
    `Pages have to send the header ${csrfHeader} with what signing in (or GET /v1/session) told them`,
  );
}

async function proven(auth: Authenticator, text: string, remote: string): Promise<Result<Principal>> {
  // A right token passes whatever others on its address do: one program with a stale token must not shut out everybody on
  // the machine, and 256 random bits are not guessed.
  const who = await auth.token(text, remote);
  if (who !== null) return { value: who };
  if (auth.throttled(remote)) return refuse('too_many', 'Too many wrong tokens from this address; wait a minute');
  auth.failed(remote);
  return refuse('unauthenticated', 'This token is unknown, expired or revoked');
}

const noCredential = refuse(
  'unauthenticated',
  'Send a token as `Authorization: Bearer TOKEN`; the first one is in DATA/admin.token',
);

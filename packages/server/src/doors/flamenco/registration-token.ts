import { errors, jwtVerify } from 'jose';

/**
 * The token that a worker makes of the shared secret (flamenco §1). Null: fine; else why not, for the log. HS256 and nothing
 * else: with `none`, or a public key taken for a secret, anybody could come in.
 */
export async function tokenFault(
  token: string | null,
  secret: string,
  time: { readonly now: number; readonly leewaySeconds: number },
): Promise<string | null> {
  if (token === null) return 'no registration token';
  try {
    await jwtVerify(token, new TextEncoder().encode(secret.trim()), {
      algorithms: ['HS256'],
      clockTolerance: time.leewaySeconds,
      currentDate: new Date(time.now),
      requiredClaims: ['iat', 'exp'],
    });
    return null;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return error.message;
    throw error;
  }
}

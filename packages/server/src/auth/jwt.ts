import { createSecretKey } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';

/** What a signed token of ours says. Times in ms. */
export interface JwtClaims {
  /** Whom it speaks for: an account's id. */
  readonly subject: string;
  /** The session that it stands for; when that is over, so is the token. */
  readonly id: string;
  readonly expiresAt: number;
}

/** JWT, HS256 only, with `exp`, `iat`, `iss`, `sub` and `jti`. */
export interface JwtSigner {
  sign(claims: JwtClaims): Promise<string>;
  /** Null: not ours, changed, of another issuer or algorithm, expired, or without one of these claims. */
  verify(text: string): Promise<JwtClaims | null>;
}

const mostGenuine = 1_000;
/** Far longer than any of ours. */
const longest = 4_096;
const form = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export const looksLikeJwt = (text: string): boolean => text.length <= longest && form.test(text);

/** The session that a token names which has been verified already. Null: none, or no JWT. */
export function jwtIdOf(text: string): string | null {
  if (!looksLikeJwt(text)) return null;
  try {
    const { jti } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as { jti?: unknown };
    return typeof jti === 'string' ? jti : null;
  } catch {
    return null;
  }
}

/** The library is loaded when the first one is signed or seen. */
export function createJwtSigner({
  key,
  issuer,
  clock,
}: {
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly clock: Clock;
}): JwtSigner {
  const algorithm = 'HS256';
  const secret = createSecretKey(key);
  /** Lately found genuine: that never changes, only their time passes. Strangers cannot fill it. */
  const genuine = new Map<string, JwtClaims>();

  function remember(text: string, claims: JwtClaims): JwtClaims {
    const [oldest] = genuine.keys();
    if (oldest !== undefined && genuine.size >= mostGenuine) genuine.delete(oldest);
    genuine.set(text, claims);
    return claims;
  }

  return {
    async sign({ subject, id, expiresAt }) {
      const { SignJWT } = await import('jose');
      return new SignJWT()
        .setProtectedHeader({ typ: 'JWT', alg: algorithm })
        .setIssuer(issuer)
        .setSubject(subject)
        .setJti(id)
        .setIssuedAt(seconds(clock.now()))
        .setExpirationTime(seconds(expiresAt))
        .sign(secret);
    },
    async verify(text) {
      const known = genuine.get(text);
      if (known !== undefined) return clock.now() < known.expiresAt ? known : null;
      if (!looksLikeJwt(text)) return null;
      const { errors, jwtVerify } = await import('jose');
      try {
        const { payload } = await jwtVerify(text, secret, {
          algorithms: [algorithm],
          issuer,
          requiredClaims: ['exp', 'sub', 'jti'],
          currentDate: new Date(clock.now()),
        });
        const { sub, jti, exp } = payload;
        return typeof sub === 'string' && typeof jti === 'string' && exp !== undefined
          ? remember(text, { subject: sub, id: jti, expiresAt: exp * 1_000 })
          : null;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);

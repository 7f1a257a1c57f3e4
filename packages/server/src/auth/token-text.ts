import { hash, timingSafeEqual } from 'node:crypto';

/** What a token looks like: `swy_<id>_<secret>`, the id a number, the secret 32 random bytes in base64url. */
export interface TokenText {
  readonly id: string;
  readonly secret: string;
}

export const secretBytes = 32;
const form = /^swy_([1-9][0-9]{0,15})_([A-Za-z0-9_-]{43})$/;

export const tokenText = ({ id, secret }: TokenText): string => `swy_${id}_${secret}`;

/** Null: not a token of ours. Bounded by the form, whatever is sent. */
export function parseToken(text: string): TokenText | null {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** A plain hash is enough: the secret has 256 random bits, nobody guesses it. */
export const hashOf = (secret: string): string => digest(secret).toString('base64url');

/** In a time that does not tell how much of it is right. */
export function matches(secret: string, hashed: string): boolean {
  const expected = Buffer.from(hashed, 'base64url');
  const given = digest(secret);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

const digest = (secret: string): Buffer => hash('sha256', secret, 'buffer');

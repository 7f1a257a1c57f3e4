import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../ports/clock.ts';

/** Base64 without padding of SHA-256 of secret and salt, the secret first (kueue §3): always 43 characters. */
export function proofOf(secret: string, salt: string): string {
  return digest(secret + salt)
    .toString('base64')
    .replace(/=+$/, '');
}

/** Constant-time. Padding is tolerated (kueue §7). */
export function provesSecret(secret: string, salt: string, response: string): boolean {
  // Digests of both have equal lengths, whatever was sent.
  return timingSafeEqual(digest(proofOf(secret, salt)), digest(response.replace(/={1,2}$/, '')));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

const saltLength = 64;

/** 64 letters and digits, as the reference server's. */
export function freshSalt(random: Random): string {
  let salt = '';
  while (salt.length < saltLength) salt += random.secret(saltLength).replace(/[^A-Za-z0-9]/g, '');
  return salt.slice(0, saltLength);
}

const templates = /^\W*(change|your|my|the|example|insert|todo|xxx|secret|password|shared.?secret)/i;

/** Null: fit for use; else what is wrong with it, one sentence (kueue §7.5). */
export function secretFault(secret: string): string | null {
  if (secret.trim() === '') return 'The shared secret of the Kueue door is empty: anybody could run commands.';
  if (secret.length < 32 && templates.test(secret))
    return 'The shared secret of the Kueue door looks like a template: choose your own.';
  return null;
}

import { hash, timingSafeEqual } from 'node:crypto';

/**
 * Only a salted hash of a worker's secret is kept, as part of the key by which the worker is found again. A secret is 64 random
 * characters: nothing slower is needed, and nothing slower could be asked with every poll (flamenco §8 C2).
 */
export function workerKey(salt: string, secret: string, nickname: string): string {
  const name = hash('sha256', nickname).slice(0, 16);
  return `${keyPrefix}${hashOf(salt, secret).toString('hex')}:${name}`;
}

const keyPrefix = 'flamenco:';

/** Null: not the key of a worker of this door. */
export function secretHashIn(key: string | null): Buffer | null {
  const hex = key?.startsWith(keyPrefix) === true ? key.slice(keyPrefix.length).split(':', 1)[0] : undefined;
  return hex !== undefined && /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : null;
}

/** In constant time, whether there is such a worker or not. */
export function isSecret(salt: string, secret: string, hash: Buffer | null): boolean {
  const equal = timingSafeEqual(hashOf(salt, secret), hash ?? nobody);
  return equal && hash !== null;
}

const nobody = Buffer.alloc(32);

function hashOf(salt: string, secret: string): Buffer {
  return hash('sha256', `${salt}\0${secret}`, 'buffer');
}

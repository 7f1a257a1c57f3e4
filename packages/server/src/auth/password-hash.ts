import { argon2, timingSafeEqual } from 'node:crypto';

/** What an Argon2id hash costs (RFC 9106): memory in KiB, passes over it, lanes. */
export interface HashCost {
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** OWASP's first choice for Argon2id on a server that has other work: 19 MiB, two passes, one lane. About 40 ms here. */
export const hashCost: HashCost = { memory: 19_456, passes: 2, lanes: 1 };

export interface PasswordHash {
  readonly cost: HashCost;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Bounds of what is computed, whatever a record says: a hash from elsewhere must not eat the machine. */
const most: HashCost = { memory: 262_144, passes: 16, lanes: 16 };

const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** A hash as a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY`. */
export function hashText({ cost, salt, key }: PasswordHash): string {
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.lanes}$${unpadded(salt)}$${unpadded(key)}`;
}

/** Null: not a hash that we can check. */
export function parseHash(text: string): PasswordHash | null {
  const [, memory, passes, lanes, salt, key] = form.exec(text) ?? [];
  if (memory === undefined || passes === undefined || lanes === undefined || salt === undefined || key === undefined) return null;
  const cost = { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const fits = cost.passes >= 1 && cost.lanes >= 1 && cost.memory >= 8 * cost.lanes;
  const bounded = cost.memory <= most.memory && cost.passes <= most.passes && cost.lanes <= most.lanes;
  return fits && bounded ? { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') } : null;
}

export function sameCost(a: HashCost, b: HashCost): boolean {
  return a.memory === b.memory && a.passes === b.passes && a.lanes === b.lanes;
}

/** Computed off the main thread. */
export function deriveKey(password: string, salt: Uint8Array, cost: HashCost, bytes: number): Promise<Buffer> {
  const { memory, passes, lanes: parallelism } = cost;
  const message = Buffer.from(password.normalize('NFKC'));
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, parallelism, tagLength: bytes, memory, passes }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

export async function passwordFits(
  password: string,
  { cost, salt, key }: PasswordHash,
  derive: typeof deriveKey = deriveKey,
): Promise<boolean> {
  const derived = await derive(password, salt, cost, key.length);
  return timingSafeEqual(derived, key);
}

/** PHC strings have no padding. */
const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

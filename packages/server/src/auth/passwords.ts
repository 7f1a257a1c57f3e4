import { type Result, refuse } from '../domain/errors.ts';
import type { Random } from '../ports/clock.ts';
import {
  deriveKey,
  type HashCost,
  hashCost,
  hashText,
  type PasswordHash,
  parseHash,
  passwordFits,
  sameCost,
} from './password-hash.ts';
import { createWorkQueue, type Standing } from './work-queue.ts';

export interface PasswordsOptions {
  readonly random: Random;
  readonly cost?: HashCost;
  /** Hashes computed at once. They run beside the main thread, in the pool that also reads files: never all of it. */
  readonly atOnce?: number;
  /** Hashes that may wait. What comes beyond is told to come again. */
  readonly waiting?: number;
  /** For tests that count. */
  readonly derive?: typeof deriveKey;
}

export interface PasswordCheck {
  readonly fits: boolean;
  /** It was made with other parameters than today's: hash it anew while the password is at hand. */
  readonly outdated: boolean;
}

/** Hashing of passwords: slow on purpose, so bounded in number. Refused with `too_many` when there is no room. */
export interface Passwords {
  hash(password: string, standing: Standing): Promise<Result<string>>;
  /** Null for the hash (nobody of that name, or no password set) takes as long as a wrong password, and never fits. */
  check(password: string, hash: string | null, standing: Standing): Promise<Result<PasswordCheck>>;
  /** Hashes under way and waiting. */
  readonly load: number;
}

const saltBytes = 16;
const keyBytes = 32;
/** How long a hash takes, roughly: for the word when to come again. */
const eachMs = 50;

export function createPasswords(options: PasswordsOptions): Passwords {
  const { random, cost = hashCost, atOnce = 2, waiting = 64, derive = deriveKey } = options;
  const queue = createWorkQueue({ atOnce, waiting });
  /** Of nobody: of today's parameters, and no text hashes to it. */
  const decoy: PasswordHash = { cost, salt: saltOf(random), key: Buffer.from(random.secret(keyBytes), 'base64url') };

  async function inTurn<T>(standing: Standing, work: () => Promise<T>): Promise<Result<T>> {
    const done = await queue.run(standing, work);
    if (done !== null) return { value: done.value };
    return refuse(
      'too_many',
      'Too many passwords are being checked; try again in a moment',
      undefined,
      (waiting / atOnce) * eachMs,
    );
  }

  return {
    hash: (password, standing) =>
      inTurn(standing, async () => {
        const salt = saltOf(random);
        return hashText({ cost, salt, key: await derive(password, salt, cost, keyBytes) });
      }),
    check: (password, hash, standing) =>
      inTurn(standing, async () => {
        const known = hash === null ? null : parseHash(hash);
        const fits = await passwordFits(password, known ?? decoy, derive);
        return { fits: fits && known !== null, outdated: known !== null && !sameCost(known.cost, cost) };
      }),
    get load() {
      return queue.load;
    },
  };
}

const saltOf = (random: Random): Buffer => Buffer.from(random.secret(saltBytes), 'base64url');

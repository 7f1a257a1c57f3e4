import { type Result, refuse } from '../domain/errors.ts';
import { type AccountRecord, foldName } from './account-record.ts';
import type { AccountStore } from './account-store.ts';
import type { CredentialGuard, Try } from './credential-guard.ts';
import type { Passwords } from './passwords.ts';
import { networkOf } from './rate-limit.ts';

/** Proving an account by its password, under the limits on guesses. Refused: `unauthenticated`, or `too_many` with `afterMs`. */
export interface PasswordProof {
  /** `record`: the account of this name, null where there is none; that takes as long. */
  of(record: AccountRecord | null, username: string, password: string, remote: string): Promise<Result<AccountRecord>>;
}

export interface PasswordProofDeps {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  readonly guard: CredentialGuard;
}

export const wrongPassword = refuse('unauthenticated', 'The username or the password is wrong');

/** Of a name that was only typed. */
const longestName = 200;

export function createPasswordProof({ store, passwords, guard }: PasswordProofDeps): PasswordProof {
  async function check(record: AccountRecord | null, password: string, attempt: Try): Promise<Result<AccountRecord>> {
    const checked = await passwords.check(password, record?.password ?? null, attempt.standing);
    if (checked.refusal !== undefined) {
      attempt.takeBack();
      return checked;
    }
    if (record === null || !checked.value.fits || record.disabled) return wrongPassword;
    attempt.takeBack();
    return { value: checked.value.outdated ? await rehash(record, password) : record };
  }

  /** Made with other parameters than today's. Where there is no room for it now, the next sign-in does it. */
  async function rehash(record: AccountRecord, password: string): Promise<AccountRecord> {
    const fresh = await passwords.hash(password, 'calm');
    if (fresh.refusal !== undefined) return record;
    const same = (now: AccountRecord): AccountRecord | null =>
      now.password === record.password ? { ...now, password: fresh.value } : null;
    return (await store.change(record.id, same)) ?? record;
  }

  return {
    async of(record, username, password, remote) {
      const attempt = guard.enter(remote, foldName(username.slice(0, longestName)), knows(record, remote));
      if (attempt.waitMs === undefined) return check(record, password, attempt);
      return refuse('too_many', 'Too many wrong passwords; wait before you try again', undefined, attempt.waitMs);
    },
  };
}

/** Somebody is signed in from there: while strangers fill the queue, such an address goes before them. */
function knows(record: AccountRecord | null, remote: string): boolean {
  const network = networkOf(remote);
  return record?.sessions.some(({ from }) => networkOf(from.split(' ', 1)[0] ?? '') === network) ?? false;
}

import type { Principal } from '../domain/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import { accountPrincipal } from './account-record.ts';
import type { Accounts } from './accounts.ts';
import { isLive, principalOf, type TokenRecord, tokenCollection } from './token-record.ts';

/** Whom this id stands for at present, with the rights of now. Null: revoked, expired, disabled, removed, or no credential at all. */
export type PrincipalNow = (id: string) => Promise<Principal | null>;

/** For work that is done in somebody's name while he is not there. */
export function createPrincipalNow(records: Records, accounts: Pick<Accounts, 'get'>, clock: Clock): PrincipalNow {
  return async (id) => {
    const [, sort, key] = /^(token|user):(.+)$/.exec(id) ?? [];
    if (sort === undefined || key === undefined) return null;
    if (sort === 'user') {
      const account = await accounts.get(key);
      return account === null ? null : accountPrincipal(account);
    }
    const found = await records.get<TokenRecord>(tokenCollection, key);
    return found !== null && isLive(found.value, clock.now()) ? principalOf(key, found.value) : null;
  };
}

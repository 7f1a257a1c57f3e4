import type { Clock, Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import { type AccountAdmin, createAccountAdmin } from './account-admin.ts';
import { AccountStore } from './account-store.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { dampedNoter, type Noter } from './audit-notes.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { createCredentialGuard } from './credential-guard.ts';
import { type Ended, Endings } from './endings.ts';
import { createEntryCodes, type EntryCodes } from './entry-codes.ts';
import { createInvitations, type Invitations } from './invitations.ts';
import { createJwtSigner } from './jwt.ts';
import type { HashCost } from './password-hash.ts';
import { createPasswords } from './passwords.ts';
import { createPrincipalNow, type PrincipalNow } from './principal-now.ts';
import { createFailureLimit } from './rate-limit.ts';
import type { Tokens } from './tokens.ts';

export interface AccessOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: Tokens;
  /** Key of the JWTs. */
  readonly jwtKey: Uint8Array;
  /** `iss` of the JWTs. */
  readonly issuer: string;
  /** Anybody may register (`--open registration`). */
  readonly openRegistration: boolean;
  readonly note: Noter;
  readonly onError: (error: unknown) => void;
  readonly cost?: HashCost;
}

/** Everything about who may come in, as `app/` hands it to the doors. */
export interface Access {
  readonly auth: Authenticator;
  readonly accounts: Accounts;
  readonly admin: AccountAdmin;
  readonly invitations: Invitations;
  readonly codes: EntryCodes;
  readonly tokens: Tokens;
  readonly note: Noter;
  readonly principalNow: PrincipalNow;
  /** Credentials that end before their time, of any sort: connections opened with them must not outlive them. */
  onEnded(call: (ended: Ended) => void): () => void;
  close(): Promise<void>;
}

/** Registrations of one address that are free in a row, then one a minute. */
const registrations = { burst: 20, refillMs: 60_000 } as const;

export async function openAccess(options: AccessOptions): Promise<Access> {
  const { records, clock, random, tokens, onError } = options;
  const note = dampedNoter(clock, options.note);
  const store = await AccountStore.open({ records, clock, random, onError });
  const passwords = createPasswords({ random, ...(options.cost === undefined ? {} : { cost: options.cost }) });
  const endings = new Endings();
  const invitations = createInvitations({ records, clock, random, note });
  const shared = { store, passwords, clock, random, note, endings, invitations };
  const accounts = createAccounts({
    ...shared,
    guard: createCredentialGuard({ clock }),
    registrations: createFailureLimit({ clock, ...registrations }),
    jwt: createJwtSigner({ key: options.jwtKey, issuer: options.issuer, clock }),
    openToAll: options.openRegistration,
  });
  const codes = createEntryCodes({ clock, random });
  const onEnded = (call: (ended: Ended) => void): (() => void) => {
    const stop = [endings.listen(call), tokens.onEnded(call)];
    return () => {
      for (const one of stop) one();
    };
  };
  onEnded(codes.end);
  return {
    auth: createAuthenticator(tokens, createFailureLimit({ clock }), accounts),
    accounts,
    admin: createAccountAdmin(shared),
    invitations,
    codes,
    tokens,
    note,
    principalNow: createPrincipalNow(records, accounts, clock),
    onEnded,
    close: () => accounts.close(),
  };
}

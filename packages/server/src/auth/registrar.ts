import { type Result, refuse } from '../domain/errors.ts';
import type { Clock, Random } from '../ports/clock.ts';
import { type AccountRecord, checkEmail, checkPassword, checkUsername, newAccount } from './account-record.ts';
import type { AccountStore } from './account-store.ts';
import type { Caller, Registration } from './accounts.ts';
import type { Invitation, Invitations } from './invitations.ts';
import type { Passwords } from './passwords.ts';
import type { FailureLimit } from './rate-limit.ts';

export interface RegistrarDeps {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  /** Registrations per address. */
  readonly registrations: FailureLimit;
  readonly invitations: Invitations;
  readonly clock: Clock;
  readonly random: Random;
  /** Anybody may register (`--open registration`). */
  readonly openToAll: boolean;
  readonly most?: number;
}

const mostAccounts = 10_000;

/** Makes accounts for those who ask for one themselves. */
export function createRegistrar(deps: RegistrarDeps): (request: Registration, from: Caller) => Promise<Result<AccountRecord>> {
  const { store, passwords, registrations, invitations, clock, random, most = mostAccounts } = deps;

  async function leave({ invitation }: Registration, from: Caller): Promise<Result<Invitation | null>> {
    if (invitation !== undefined && invitation !== null && invitation !== '') {
      const found = await invitations.look(invitation);
      return found === null
        ? refuse('forbidden', 'This invitation is unknown, used or expired', '/invitation')
        : { value: found };
    }
    if (deps.openToAll || from.local === true) return { value: null };
    return refuse('forbidden', 'Accounts are made by invitation here: ask an administrator for one');
  }

  /** Nobody may make us hash without end. */
  function counted(remote: string): Result<null> {
    const waitMs = registrations.wait(remote);
    if (waitMs > 0) return refuse('too_many', 'Too many registrations from this address; wait a little', undefined, waitMs);
    registrations.failed(remote);
    return { value: null };
  }

  return async (request, from) => {
    const username = checkUsername(request.username);
    if (username.refusal !== undefined) return username;
    const password = checkPassword(request.password);
    if (password.refusal !== undefined) return password;
    const email = checkEmail(request.email ?? null);
    if (email.refusal !== undefined) return email;
    const turn = counted(from.remote);
    if (turn.refusal !== undefined) return turn;
    const allowed = await leave(request, from);
    if (allowed.refusal !== undefined) return allowed;
    if ((await store.byName(username.value)) !== null) return taken;
    if (store.count >= most) return refuse('too_many', 'There is no room for more accounts; ask the administrator');
    const hashed = await passwords.hash(password.value, 'calm');
    if (hashed.refusal !== undefined) return hashed;
    const invitation = allowed.value;
    const putBack = invitation === null ? noInvitation : await invitations.use(invitation.id);
    if (putBack === null) return refuse('forbidden', 'This invitation was used just now', '/invitation');
    const record = newAccount({
      id: random.uuid(),
      username: username.value,
      email: email.value,
      role: invitation?.role ?? 'print',
      password: hashed.value,
      createdBy: invitation?.createdBy ?? 'self',
      createdAt: clock.now(),
    });
    if (await store.add(record)) return { value: record };
    // Somebody else took the name meanwhile.
    await putBack();
    return taken;
  };
}

const noInvitation = async (): Promise<void> => {};
const taken = refuse('conflict', 'This username is already taken', '/username');

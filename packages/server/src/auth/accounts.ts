import { type ErrorCode, type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import {
  type Account,
  type AccountRecord,
  accountOf,
  accountPrincipal,
  checkEmail,
  checkPassword,
  principalIdOf,
} from './account-record.ts';
import type { AuditedAct, Noter } from './audit-notes.ts';
import type { Ended, Endings } from './endings.ts';
import type { JwtSigner } from './jwt.ts';
import { createPasswordProof, type PasswordProofDeps, wrongPassword } from './password-proof.ts';
import { createRegistrar, type RegistrarDeps } from './registrar.ts';
import { csrfOf, parseSession, type SessionEntry, type SessionKind, sessionText } from './session-list.ts';

/** Who asks, for limits, the audit trail and the list of sessions. */
export interface Caller {
  readonly remote: string;
  /** Its program (`User-Agent`). */
  readonly agent?: string | null;
  /** It sits at this very machine: no proxy in between, no foreign name. Registration is open to it. */
  readonly local?: boolean;
}

/** How the one who signs in wants to prove it from then on, and for how long. */
export interface Wanted {
  readonly kind: SessionKind;
  readonly ms: Millis;
}

export interface SignedIn {
  readonly account: Account;
  /** Shown this once. */
  readonly token: string;
  readonly session: SessionEntry;
  /** For pages that keep the token as cookie; null for a JWT. */
  readonly csrf: string | null;
}

export interface Registration {
  readonly username: string;
  readonly password: string;
  readonly email?: string | null;
  /** Needed where registration is not open to the caller; names the role. */
  readonly invitation?: string | null;
}

/** Whoever proved it by a session of an account. */
export interface AccountIdentity {
  readonly principal: Principal;
  readonly account: Account;
  readonly session: SessionEntry;
}

/** What people do with their own accounts. No HTTP in it: any door may offer it. */
export interface Accounts {
  /** Refused: `invalid` (`at` names the field), `conflict` (the name is taken), `forbidden` (not open), `too_many`. */
  register(request: Registration, from: Caller, want: Wanted): Promise<Result<SignedIn>>;
  /** Refused: `unauthenticated` whatever was wrong, `too_many` with `afterMs`. */
  login(request: { readonly username: string; readonly password: string }, from: Caller, want: Wanted): Promise<Result<SignedIn>>;
  /** A session's text or a JWT. Null: unknown, changed, expired, ended, its account disabled or gone. */
  verify(token: string): Promise<AccountIdentity | null>;
  /** All sessions but the one that is kept end. Refused: `unauthenticated` (the old one is wrong), `invalid`, `too_many`. */
  changePassword(
    id: string,
    request: { readonly old: string; readonly password: string; readonly keep: string | null },
    from: Caller,
  ): Promise<Result<null>>;
  /** Whether this is its password. Refused: `unauthenticated`, `too_many`. */
  prove(id: string, password: string, from: Caller): Promise<Result<null>>;
  changeEmail(id: string, email: string | null): Promise<Result<Account>>;
  /** Its sessions end; its jobs stay, with an owner that nobody is any more. */
  deleteAccount(id: string): Promise<Result<null>>;
  get(id: string): Promise<Account | null>;
  sessions(id: string): Promise<readonly SessionEntry[]>;
  /** False: there is no such session. */
  endSession(id: string, session: string, act?: 'logout' | 'endSession'): Promise<boolean>;
  endSessions(id: string, keep: string | null): Promise<void>;
  /** A session for somebody who has proven himself otherwise (a one-time link). */
  openSession(id: string, from: Caller, want: Wanted): Promise<Result<SignedIn>>;
  /** Sessions and accounts that end before their time, when it has been written down. */
  onEnded(call: (ended: Ended) => void): () => void;
  /** Waits for notes that are under way. */
  close(): Promise<void>;
}

export interface AccountsDeps extends RegistrarDeps, PasswordProofDeps {
  readonly jwt: JwtSigner;
  readonly note: Noter;
  /** Shared with `AccountAdmin`. */
  readonly endings: Endings;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { store, passwords, jwt, clock, endings } = deps;
  const makeAccount = createRegistrar(deps);
  const proof = createPasswordProof(deps);
  const note = (
    by: Pick<Principal, 'id' | 'name'>,
    command: AuditedAct,
    subject: string,
    refusal: ErrorCode | null = null,
  ): void => deps.note({ by, command, subject, refusal });
  const self = ({ id, username }: Pick<AccountRecord, 'id' | 'username'>) => ({ id: principalIdOf(id), name: username });
  const nobodyAt = (remote: string) => ({ id: 'nobody', name: remote === '' ? 'nobody' : remote });

  /** A session for the account as it was when it proved itself: with another password meanwhile it proves nothing. */
  async function open(record: AccountRecord, from: Caller, want: Wanted): Promise<Result<SignedIn>> {
    const key = store.keyOf(record.id);
    const still = (now: AccountRecord): boolean => now.id === record.id && now.password === record.password && !now.disabled;
    const request = { ...want, from: [from.remote, from.agent ?? ''].join(' ').trim() };
    const opened = key === null ? null : await store.sessions.open(key, request, still);
    if (opened === null) return wrongPassword;
    const { entry, secret } = opened;
    const token =
      secret === null
        ? await jwt.sign({ subject: record.id, id: entry.id, expiresAt: entry.expiresAt })
        : sessionText({ holder: { account: record.id }, id: entry.id, secret });
    const csrf = secret === null ? null : csrfOf(secret);
    return { value: { account: accountOf(opened.record.value), token, session: entry, csrf } };
  }

  async function end(id: string, keep: (entry: SessionEntry) => boolean): Promise<boolean> {
    const key = store.keyOf(id);
    return key !== null && (await store.sessions.end(key, (entry) => !keep(entry)));
  }

  async function identify(id: string, proof: { id: string; secret: string | null }): Promise<AccountIdentity | null> {
    const key = store.keyOf(id);
    const found = key === null ? null : await store.sessions.find(key, proof);
    if (found === null || found.record.value.id !== id) return null;
    const principal = accountPrincipal(found.record.value);
    return principal === null ? null : { principal, account: accountOf(found.record.value), session: found.entry };
  }

  return {
    async register(request, from, want) {
      const made = await makeAccount(request, from);
      if (made.refusal !== undefined) {
        note(nobodyAt(from.remote), 'register', '', made.refusal.code);
        return made;
      }
      note(self(made.value), 'register', `user ${made.value.username}`);
      return open(made.value, from, want);
    },
    async login({ username, password }, from, want) {
      const record = await store.byName(username);
      // The name as typed is not written down unless it is one: people type passwords into the wrong field.
      const subject = record === null ? '' : `user ${record.username}`;
      const proven = await proof.of(record, username, password, from.remote);
      const opened = proven.refusal === undefined ? await open(proven.value, from, want) : proven;
      if (opened.refusal !== undefined) {
        note(nobodyAt(from.remote), 'login', subject, opened.refusal.code);
        return opened;
      }
      const { id } = opened.value.account;
      const seen = await store.change(id, (now) => ({ ...now, lastLoginAt: clock.now() }));
      note(self(opened.value.account), 'login', subject);
      return { value: seen === null ? opened.value : { ...opened.value, account: accountOf(seen) } };
    },
    async verify(token) {
      const text = parseSession(token);
      if (text !== null) return 'account' in text.holder ? identify(text.holder.account, text) : null;
      const claims = await jwt.verify(token);
      return claims === null ? null : identify(claims.subject, { id: claims.id, secret: null });
    },
    async changePassword(id, { old, password, keep }, from) {
      const record = await store.byId(id);
      if (record === null) return wrongPassword;
      const fits = checkPassword(password);
      if (fits.refusal !== undefined) return fits;
      const proven = await proof.of(record, record.username, old, from.remote);
      const hashed = proven.refusal === undefined ? await passwords.hash(password, 'calm') : proven;
      if (hashed.refusal !== undefined) {
        note(self(record), 'changePassword', `user ${record.username}`, hashed.refusal.code);
        return hashed;
      }
      const changed = await store.change(id, (now) => ({
        ...now,
        password: hashed.value,
        updatedAt: clock.now(),
        sessions: now.sessions.filter((entry) => entry.id === keep),
      }));
      if (changed === null) return gone;
      endings.tell({ principal: principalIdOf(id), session: null, except: keep });
      note(self(record), 'changePassword', `user ${record.username}`);
      return { value: null };
    },
    async prove(id, password, from) {
      const record = await store.byId(id);
      if (record === null) return wrongPassword;
      const proven = await proof.of(record, record.username, password, from.remote);
      return proven.refusal === undefined ? { value: null } : proven;
    },
    async changeEmail(id, email) {
      const checked = checkEmail(email);
      if (checked.refusal !== undefined) return checked;
      const changed = await store.change(id, (now) => ({ ...now, email: checked.value, updatedAt: clock.now() }));
      if (changed === null) return gone;
      note(self(changed), 'changeEmail', `user ${changed.username}`);
      return { value: accountOf(changed) };
    },
    async deleteAccount(id) {
      const record = await store.byId(id);
      if (record === null || !(await store.remove(id))) return gone;
      endings.tell({ principal: principalIdOf(id), session: null });
      note(self(record), 'deleteAccount', `user ${record.username}`);
      return { value: null };
    },
    async get(id) {
      const record = await store.byId(id);
      return record === null ? null : accountOf(record);
    },
    async sessions(id) {
      const now = clock.now();
      return ((await store.byId(id))?.sessions ?? []).filter(({ expiresAt }) => expiresAt > now);
    },
    async endSession(id, session, act = 'endSession') {
      const record = await store.byId(id);
      const ended = await end(id, (entry) => entry.id !== session);
      if (!ended || record === null) return false;
      endings.tell({ principal: principalIdOf(id), session });
      note(self(record), act, `user ${record.username}`);
      return true;
    },
    async endSessions(id, keep) {
      const record = await store.byId(id);
      if (record === null || !(await end(id, (entry) => entry.id === keep))) return;
      endings.tell({ principal: principalIdOf(id), session: null, except: keep });
      note(self(record), 'endSession', `user ${record.username}`);
    },
    async openSession(id, from, want) {
      const record = await store.byId(id);
      return record === null ? gone : open(record, from, want);
    },
    onEnded: (call) => endings.listen(call),
    close: () => store.sessions.close(),
  };
}

const gone = refuse('not_found', 'There is no such account');

import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { may, type Principal, type Role } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import {
  type Account,
  type AccountRecord,
  accountOf,
  checkEmail,
  checkPassword,
  checkUsername,
  newAccount,
  principalIdOf,
} from './account-record.ts';
import type { AccountStore } from './account-store.ts';
import type { AuditedAct, Noter } from './audit-notes.ts';
import type { Endings } from './endings.ts';
import type { Passwords } from './passwords.ts';

export interface AccountRequest {
  readonly username: string;
  /** Null: nobody signs in until one is set. */
  readonly password: string | null;
  readonly email: string | null;
  readonly role: Role;
}

export interface AccountChange {
  readonly role?: Role;
  readonly disabled?: boolean;
  readonly email?: string | null;
}

/** What administrators do with accounts. Names are taken without regard to case. */
export interface AccountAdmin {
  list(by: Principal): Promise<Result<readonly Account[]>>;
  get(by: Principal, username: string): Promise<Result<Account>>;
  create(by: Principal, request: AccountRequest): Promise<Result<Account>>;
  /** Disabled, or with another role: sessions of before end. */
  update(by: Principal, username: string, change: AccountChange): Promise<Result<Account>>;
  /** Its sessions end. */
  setPassword(by: Principal, username: string, password: string): Promise<Result<Account>>;
  remove(by: Principal, username: string): Promise<Result<null>>;
}

export interface AccountAdminDeps {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: Noter;
  readonly endings: Endings;
}

const forbidden = refuse('forbidden', 'Only an administrator manages accounts');

export function createAccountAdmin({ store, passwords, clock, random, note, endings }: AccountAdminDeps): AccountAdmin {
  async function found(username: string): Promise<Result<AccountRecord>> {
    const record = await store.byName(username);
    return record === null ? refuse('not_found', `There is no account ${username.slice(0, 100)}`) : { value: record };
  }

  /** Changes what is there of this name, says what ended with it, and writes it down. */
  async function changed(
    by: Principal,
    username: string,
    command: AuditedAct,
    about: string,
    change: (record: AccountRecord, now: Millis) => AccountRecord,
  ): Promise<Result<Account>> {
    if (!may(by, 'admin:write')) return forbidden;
    const record = await found(username);
    if (record.refusal !== undefined) return record;
    const { id } = record.value;
    let ended = false;
    const done = await store.change(id, (before) => {
      const after = change(before, clock.now());
      ended = after.sessions.length === 0 && (after.role !== before.role || after.disabled || after.password !== before.password);
      return { ...after, updatedAt: clock.now() };
    });
    if (done === null) return refuse('not_found', `There is no account ${username.slice(0, 100)}`);
    if (ended) endings.tell({ principal: principalIdOf(id), session: null });
    note({ by, command, subject: `user ${done.username}${about}`, refusal: null });
    return { value: accountOf(done) };
  }

  return {
    async list(by) {
      if (!may(by, 'admin:read')) return forbidden;
      const all = await store.list();
      return { value: all.map(accountOf).sort((a, b) => a.username.localeCompare(b.username)) };
    },
    async get(by, username) {
      if (!may(by, 'admin:read')) return forbidden;
      const record = await found(username);
      return record.refusal === undefined ? { value: accountOf(record.value) } : record;
    },
    async create(by, { username, password, email, role }) {
      if (!may(by, 'admin:write')) return forbidden;
      const name = checkUsername(username);
      if (name.refusal !== undefined) return name;
      const address = checkEmail(email);
      if (address.refusal !== undefined) return address;
      const hashed = await hashOrNone(passwords, password);
      if (hashed.refusal !== undefined) return hashed;
      const record = newAccount({
        id: random.uuid(),
        username: name.value,
        email: address.value,
        role,
        password: hashed.value,
        createdBy: by.id,
        createdAt: clock.now(),
      });
      if (!(await store.add(record))) return refuse('conflict', `The username ${username} is already taken`, '/username');
      note({ by, command: 'addUser', subject: `user ${record.username}, role ${role}`, refusal: null });
      return { value: accountOf(record) };
    },
    async update(by, username, { role, disabled, email }) {
      const address = checkEmail(email ?? null);
      if (address.refusal !== undefined) return address;
      const about = [
        role === undefined ? '' : `, role ${role}`,
        disabled === undefined ? '' : disabled ? ', disabled' : ', enabled',
      ];
      return changed(by, username, 'changeUser', about.join(''), (record) => ({
        ...record,
        role: role ?? record.role,
        disabled: disabled ?? record.disabled,
        email: email === undefined ? record.email : address.value,
        sessions: disabled === true || (role !== undefined && role !== record.role) ? [] : record.sessions,
      }));
    },
    async setPassword(by, username, password) {
      if (!may(by, 'admin:write')) return forbidden;
      const hashed = await hashOrNone(passwords, password);
      if (hashed.refusal !== undefined) return hashed;
      return changed(by, username, 'setPassword', '', (record) => ({ ...record, password: hashed.value, sessions: [] }));
    },
    async remove(by, username) {
      if (!may(by, 'admin:write')) return forbidden;
      const record = await found(username);
      if (record.refusal !== undefined) return record;
      if (!(await store.remove(record.value.id))) return refuse('not_found', `There is no account ${username.slice(0, 100)}`);
      endings.tell({ principal: principalIdOf(record.value.id), session: null });
      note({ by, command: 'removeUser', subject: `user ${record.value.username}`, refusal: null });
      return { value: null };
    },
  };
}

async function hashOrNone(passwords: Passwords, password: string | null): Promise<Result<string | null>> {
  if (password === null) return { value: null };
  const checked = checkPassword(password);
  return checked.refusal === undefined ? passwords.hash(checked.value, 'calm') : checked;
}

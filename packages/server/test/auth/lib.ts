import type { Caller, Registration, SignedIn, Wanted } from '../../src/auth/accounts.ts';
import type { AuditNote } from '../../src/auth/audit-notes.ts';
import { type Access, type AccessOptions, openAccess } from '../../src/auth/open-access.ts';
import { createTokens } from '../../src/auth/tokens.ts';
import type { Records } from '../../src/ports/records.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

/** The real store, in memory: what `auth` keeps goes through its records. */
export async function authDesk(seed = 'auth') {
  const store = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures: {} });
  const errors: unknown[] = [];
  return {
    store,
    records: store.records,
    clock: createFakeClock(),
    random: createSeededRandom(seed),
    errors,
    onError: (error: unknown) => void errors.push(error),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

export type Desk = Awaited<ReturnType<typeof authDesk>>;

/** Far too cheap for the world, enough for a test. */
export const cheap = { memory: 64, passes: 1, lanes: 1 } as const;
export const jwtKey = Buffer.alloc(48, 7);

export function openDoorAccess(desk: Desk, options: Partial<AccessOptions> = {}): Promise<Access> {
  const { records, clock, random, onError } = desk;
  return openAccess({
    ...{ records, clock, random, onError, jwtKey, issuer: 'Printerlynx', openRegistration: false, cost: cheap },
    tokens: options.tokens ?? createTokens(desk),
    note: () => {},
    ...options,
  });
}

export const here: Caller = { remote: '127.0.0.1', agent: 'test', local: true };
export const there: Caller = { remote: '192.0.2.1', agent: 'browser' };
export const bearer: Wanted = { kind: 'bearer', ms: 3_600_000 };

interface DeskOptions extends Partial<AccessOptions> {
  /** Puts something between the accounts and their records. */
  readonly around?: (records: Records) => Records;
}

/** Accounts over the real records, with what was noted for the audit trail. */
export async function accountDesk({ around, ...options }: DeskOptions = {}) {
  const plain = await authDesk();
  const desk = { ...plain, records: around?.(plain.records) ?? plain.records };
  const notes: AuditNote[] = [];
  const note = (one: AuditNote): void => void notes.push(one);
  const open = (): Promise<Access> => openDoorAccess(desk, { note, ...options });
  const access = await open();
  const { accounts } = access;
  const register = (request: Partial<Registration> = {}, from: Caller = here, want: Wanted = bearer) =>
    accounts.register({ username: 'ada', password: 'lovelace', ...request }, from, want);
  const login = (password = 'lovelace', from: Caller = there, username = 'ada') =>
    accounts.login({ username, password }, from, bearer);
  return {
    ...desk,
    access,
    accounts,
    notes,
    /** Another server over the same records, as after a restart. */
    again: open,
    register,
    login,
    registered: async (request: Partial<Registration> = {}, want: Wanted = bearer): Promise<SignedIn> =>
      ok(await register(request, here, want)),
    trail: () => notes.map(({ by, command, subject, refusal }) => [by.name, command, subject, refusal ?? 'done'].join(' | ')),
    async [Symbol.asyncDispose]() {
      await access.close();
      await desk.store.close();
    },
  };
}

export function ok<T>(result: { value?: T | undefined; refusal?: { code: string; detail: string } | undefined }): T {
  if (result.refusal !== undefined) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
  return result.value as T;
}

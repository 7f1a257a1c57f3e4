import {
  AccountView,
  LinkCreated,
  LoginRequest,
  OwnChange,
  OwnPasswordRequest,
  OwnRemoval,
  PresentSession,
  RegisterRequest,
  SessionCreated,
  SessionList,
} from '@switchyard/sdk/account.ts';
import Type from 'typebox';
import type { Account } from '../../../auth/account-record.ts';
import type { Caller, SignedIn, Wanted } from '../../../auth/accounts.ts';
import { entryMs } from '../../../auth/entry-codes.ts';
import { csrfOf, parseSession, type SessionEntry } from '../../../auth/session-list.ts';
import { type Result, refuse } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import { credentialOf, dropCookie, setCookie } from '../../kit/credentials.ts';
import { isLocalCall } from '../../kit/host-check.ts';
import type { Answer, HttpRow, RowRequest } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { accountView, sessionView } from '../views/account-view.ts';
import { timeOf } from '../views/time.ts';

type Asking = Pick<RowRequest, 'headers' | 'remote' | 'secure'>;

/** Signing in and out, and what people do with their own accounts. */
export function sessionRows(context: ApiContext): HttpRow[] {
  const { access, clock, limits } = context;
  const { accounts, codes, tokens, note } = access;
  const row = rowDefiner(context);
  const want = (cookie: boolean | undefined): Wanted => ({ kind: cookie === true ? 'browser' : 'bearer', ms: limits.sessionMs });

  return [
    row({
      method: 'POST',
      path: '/v1/session',
      summary: 'Signs in, with username and password or the code of a one-time link.',
      // Whoever signs in has nothing yet to show.
      ...{ right: null, open: true },
      tags: ['session'],
      body: LoginRequest,
      answers: { 201: SessionCreated },
      handle: async (request) => {
        const { body } = request;
        const wanted = want(body.cookie);
        if ('code' in body) return entered(await enterByCode(body.code, callerOf(request), wanted), request);
        return entered(inOf(await accounts.login(body, callerOf(request), wanted)), request);
      },
    }),
    row({
      method: 'POST',
      path: '/v1/register',
      summary: 'Makes an account and signs in: by invitation, or where registration is open to the caller.',
      // As above; `accounts.register` decides who may.
      ...{ right: null, open: true },
      tags: ['session'],
      body: RegisterRequest,
      answers: { 201: SessionCreated },
      handle: async (request) =>
        entered(inOf(await accounts.register(request.body, callerOf(request), want(request.body.cookie))), request),
    }),
    row({
      method: 'GET',
      path: '/v1/session',
      summary: 'Who asks, and by which session.',
      // Everybody may ask about himself.
      right: null,
      tags: ['session'],
      answers: { 200: PresentSession },
      handle: async (request) => {
        const { by } = request;
        const credential = credentialOf(request);
        const present = await presentOf(request);
        const secret = credential?.by === 'cookie' ? (parseSession(credential.text)?.secret ?? null) : null;
        const session = present === null ? null : sessionView(present, present.id);
        return {
          status: 200,
          headers: { 'cache-control': 'no-store' },
          body: { id: by.id, name: by.name, session, csrf: secret === null ? null : csrfOf(secret) },
        };
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/session',
      summary: 'Signs out: ends the session that asks.',
      right: null,
      tags: ['session'],
      answers: { 204: null },
      handle: async (request) => {
        const present = await presentOf(request);
        if (present === null) return refused(noSession);
        await endOne(request.by, present.id, 'logout');
        return { status: 204, headers: { 'set-cookie': dropCookie(request.secure) } };
      },
    }),
    row({
      method: 'GET',
      path: '/v1/sessions',
      summary: 'All sessions of the account (or token) that asks.',
      right: null,
      tags: ['session'],
      answers: { 200: SessionList },
      handle: async (request) => {
        const present = await presentOf(request);
        return ok({ sessions: (await sessionsOf(request.by)).map((entry) => sessionView(entry, present?.id ?? null)) });
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/sessions',
      summary: 'Ends all sessions but the one that asks.',
      right: null,
      tags: ['session'],
      answers: { 204: null },
      handle: async (request) => {
        const present = await presentOf(request);
        const account = accountIdOf(request.by);
        if (account !== null) await accounts.endSessions(account, present?.id ?? null);
        else
          for (const { id } of await sessionsOf(request.by)) if (id !== present?.id) await endOne(request.by, id, 'endSession');
        return done;
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/sessions/:id',
      summary: 'Ends one of them.',
      right: null,
      tags: ['session'],
      params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
      answers: { 204: null },
      handle: async ({ by, params }) =>
        (await endOne(by, params.id, 'endSession')) ? done : refused(refuse('not_found', 'There is no such session').refusal),
    }),
    row({
      method: 'POST',
      path: '/v1/links',
      summary: 'Makes a one-time link that lets a browser in as the one who asks; good for ten minutes.',
      right: null,
      tags: ['session'],
      answers: { 201: LinkCreated },
      handle: async (request) => {
        const { by } = request;
        if (holderOf(by) === null) return refused(noHolder);
        const code = codes.create(by, (await presentOf(request))?.id ?? null);
        note({ by, command: 'createLink', subject: by.id, refusal: null });
        const expiresAt = timeOf(clock.now() + entryMs);
        return { status: 201, headers: { 'cache-control': 'no-store' }, body: { code, path: linkPath(code), expiresAt } };
      },
    }),
    row({
      method: 'GET',
      path: '/v1/me',
      summary: 'The account that asks.',
      right: null,
      tags: ['session'],
      answers: { 200: AccountView },
      handle: async ({ by }) => shown(await own(by), accountView),
    }),
    row({
      method: 'PATCH',
      path: '/v1/me',
      summary: 'Changes the e-mail address of the account that asks.',
      right: null,
      tags: ['session'],
      body: OwnChange,
      answers: { 200: AccountView },
      handle: async ({ by, body }) => {
        const account = await own(by);
        return account.refusal === undefined
          ? shown(await accounts.changeEmail(account.value.id, body.email), accountView)
          : refused(account.refusal);
      },
    }),
    row({
      method: 'PUT',
      path: '/v1/me/password',
      summary: 'Changes the own password; all other sessions end.',
      right: null,
      tags: ['session'],
      body: OwnPasswordRequest,
      answers: { 204: null },
      handle: async (request) => {
        const account = await own(request.by);
        if (account.refusal !== undefined) return refused(account.refusal);
        const keep = (await presentOf(request))?.id ?? null;
        const changed = await accounts.changePassword(account.value.id, { ...request.body, keep }, callerOf(request));
        return changed.refusal === undefined ? done : refused(wrongOld(changed.refusal));
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/me',
      summary: 'Removes the account that asks; its password is needed once more. Its jobs stay.',
      right: null,
      tags: ['session'],
      body: OwnRemoval,
      answers: { 204: null },
      handle: async (request) => {
        const account = await own(request.by);
        if (account.refusal !== undefined) return refused(account.refusal);
        const proven = await accounts.prove(account.value.id, request.body.password, callerOf(request));
        const removed = proven.refusal === undefined ? await accounts.deleteAccount(account.value.id) : proven;
        return removed.refusal === undefined ? done : refused(wrongOld(removed.refusal));
      },
    }),
  ];

  /** Whoever comes by a link is whom the link was made by, as long as that one may come in itself. */
  async function enterByCode(code: string, from: Caller, wanted: Wanted): Promise<Result<Entered>> {
    const nobody = { id: 'nobody', name: from.remote };
    const principal = codes.use(code);
    const holder = principal === null ? null : holderOf({ id: principal });
    const opened = holder === null ? null : await openFor(holder, from, wanted);
    if (opened === null) {
      note({ by: nobody, command: 'useLink', subject: '', refusal: 'unauthenticated' });
      return refuse('unauthenticated', 'This link was used already, or is older than ten minutes: ask for another one');
    }
    note({ by: { id: principal ?? '', name: opened.name }, command: 'useLink', subject: principal ?? '', refusal: null });
    return { value: opened };
  }

  async function openFor(holder: HolderRef, from: Caller, wanted: Wanted): Promise<Entered | null> {
    if ('account' in holder) return inOf(await accounts.openSession(holder.account, from, wanted)).value ?? null;
    const opened = await tokens.openSession(holder.token, { ...wanted, from: `${from.remote} ${from.agent ?? ''}`.trim() });
    if (opened === null) return null;
    const secret = parseSession(opened.token)?.secret ?? '';
    return { token: opened.token, csrf: csrfOf(secret), name: `token ${holder.token}`, session: opened.entry };
  }

  async function sessionsOf(by: Principal): Promise<readonly SessionEntry[]> {
    const holder = holderOf(by);
    if (holder === null) return [];
    return 'account' in holder ? accounts.sessions(holder.account) : tokens.sessions(holder.token);
  }

  async function presentOf(request: Asking & { by: Principal }): Promise<SessionEntry | null> {
    const text = credentialOf(request)?.text ?? '';
    const id = parseSession(text)?.id ?? (await accounts.verify(text))?.session.id;
    return id === undefined ? null : ((await sessionsOf(request.by)).find((entry) => entry.id === id) ?? null);
  }

  async function endOne(by: Principal, session: string, act: 'logout' | 'endSession'): Promise<boolean> {
    const holder = holderOf(by);
    if (holder === null) return false;
    if ('account' in holder) return accounts.endSession(holder.account, session, act);
    const ended = await tokens.endSession(holder.token, session);
    if (ended) note({ by, command: act, subject: by.id, refusal: null });
    return ended;
  }

  async function own(by: Principal): Promise<Result<Account>> {
    const id = accountIdOf(by);
    const account = id === null ? null : await accounts.get(id);
    return account === null ? refuse('not_found', `${by.name} is a token, not an account`) : { value: account };
  }
}

/** Where the dashboard reads the code: behind the `#`, so that it is in no server's log. */
export const linkPath = (code: string): string => `/#code=${code}`;

interface Entered {
  readonly token: string;
  readonly csrf: string | null;
  readonly name: string;
  readonly session: SessionEntry;
}

function inOf(result: Result<SignedIn>): Result<Entered> {
  if (result.refusal !== undefined) return result;
  const { token, csrf, account, session } = result.value;
  return { value: { token, csrf, name: account.username, session } };
}

/** A browser gets the cookie, a program the token; neither both. */
function entered(result: Result<Entered>, { secure }: Asking): Answer {
  if (result.refusal !== undefined) return refused(result.refusal);
  const { token, csrf, name, session } = result.value;
  const page = session.kind === 'browser';
  const cookie = page ? { 'set-cookie': setCookie(token, session.expiresAt - session.createdAt, secure) } : {};
  const body = { token: page ? null : token, csrf: page ? csrf : null, name, expiresAt: timeOf(session.expiresAt) };
  return { status: 201, headers: { 'cache-control': 'no-store', ...cookie }, body };
}

function callerOf({ headers, remote }: Asking): Caller {
  return { remote, agent: headers['user-agent'] ?? null, local: isLocalCall(remote, headers) };
}

type HolderRef = { readonly account: string } | { readonly token: string };

/** Null: neither an account nor a token (a door, the system). */
function holderOf({ id }: Pick<Principal, 'id'>): HolderRef | null {
  if (id.startsWith('user:')) return { account: id.slice(5) };
  return id.startsWith('token:') ? { token: id.slice(6) } : null;
}

function accountIdOf(by: Principal): string | null {
  const holder = holderOf(by);
  return holder !== null && 'account' in holder ? holder.account : null;
}

const noSession = refuse('wrong_state', 'A token is no session: revoke it with DELETE /v1/tokens/ID').refusal;
const noHolder = refuse('unsupported', 'Only accounts and tokens have sessions').refusal;

/** 401 would mean that the session is over. */
function wrongOld(refusal: NonNullable<Result<never>['refusal']>): NonNullable<Result<never>['refusal']> {
  return refusal.code === 'unauthenticated' ? refuse('forbidden', 'The present password is wrong').refusal : refusal;
}

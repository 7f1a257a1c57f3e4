import type { Caller, SignedIn } from '../../auth/accounts.ts';
import type { Refusal, Result } from '../../domain/errors.ts';
import { isLocalCall } from '../kit/host-check.ts';
import type { Answer, HttpRow, RowRequest } from '../kit/http-row.ts';
import { errorAnswer, spelling } from './codes.ts';
import type { Desk } from './desk.ts';
import { accountDocument } from './documents.ts';
import { identityOf } from './gate.ts';
import { EmailBody, LoginBody, PasswordBody, RegisterBody, reader } from './messages.ts';
import { isJson, rowOf } from './row.ts';

const readRegister = reader(RegisterBody);
const readLogin = reader(LoginBody);
const readEmail = reader(EmailBody);
const readPassword = reader(PasswordBody);

const differing = 'Password and password confirmation do not match';
const shortPassword = 'Password must be at least 6 characters long';

/** Accounts and their tokens (printerlynx §2.2, §2.3). The page takes nothing but 200 as success and shows nothing but 400. */
export function accountRows(desk: Desk): HttpRow[] {
  const { accounts, engine, agents, limits } = desk;
  const body = { parser: 'json', bodyLimit: limits.bodyBytes } as const;
  const wanted = { kind: 'jwt', ms: limits.tokenMs } as const;

  async function register(request: RowRequest): Promise<Answer> {
    const read = bodyOf(request, readRegister);
    if ('answer' in read) return read.answer;
    const { username, email, password, password_confirmation, invitation = null } = read.value;
    const wrong = firstFault({ username, email, password, password_confirmation });
    if (wrong !== null) return errorAnswer(400, wrong);
    return tokenOr(await accounts.register({ username, email, password, invitation }, callerOf(request), wanted), (refusal) =>
      refusal.code === 'conflict' ? 'Username is already taken' : refusal.detail,
    );
  }

  async function login(request: RowRequest): Promise<Answer> {
    const read = bodyOf(request, readLogin);
    if ('answer' in read) return read.answer;
    return tokenOr(await accounts.login(read.value, callerOf(request), wanted), () => 'Invalid username or password');
  }

  async function changePassword(request: RowRequest): Promise<Answer> {
    const read = bodyOf(request, readPassword);
    if ('answer' in read) return read.answer;
    const { old_password: old, password, password_confirmation } = read.value;
    if (password !== password_confirmation) return errorAnswer(400, differing);
    if (Buffer.byteLength(password) < 6) return errorAnswer(400, shortPassword);
    const { account, session } = identityOf(request.by);
    const changed = await accounts.changePassword(account.id, { old, password, keep: session.id }, callerOf(request));
    return doneOr(changed, 'The old password is wrong');
  }

  async function changeEmail(request: RowRequest): Promise<Answer> {
    const read = bodyOf(request, readEmail);
    if ('answer' in read) return read.answer;
    if (!read.value.email.includes('@')) return errorAnswer(400, 'Email is not valid');
    return doneOr(await accounts.changeEmail(identityOf(request.by).account.id, read.value.email), 'Email is not valid');
  }

  /** Its agents first: they must not work for somebody who is gone. */
  async function removeAccount({ by }: RowRequest): Promise<Answer> {
    for (const { id } of agents.list(by.id)) await agents.remove(by, id);
    await engine.library.removeAll(by.id);
    return doneOr(await accounts.deleteAccount(identityOf(by).account.id), 'No user found');
  }

  return [
    rowOf({ method: 'POST', path: '/auth/register', summary: 'Makes an account.', right: 'open', ...body, handle: register }),
    rowOf({
      method: 'POST',
      path: '/auth/login',
      summary: 'Gives a token for a password.',
      right: 'open',
      ...body,
      handle: login,
    }),
    rowOf({
      method: 'POST',
      path: '/auth/logout',
      summary: 'Ends the token that asks.',
      right: null,
      handle: async ({ by }) => {
        const { account, session } = identityOf(by);
        await accounts.endSession(account.id, session.id, 'logout');
        return done;
      },
    }),
    rowOf({
      method: 'GET',
      path: '/accounts/me',
      summary: 'The account that asks.',
      right: null,
      handle: ({ by }) => ({ status: 200, body: accountDocument(identityOf(by).account) }),
    }),
    rowOf({
      method: 'PUT',
      path: '/accounts/me',
      summary: 'Changes the e-mail address.',
      right: null,
      ...body,
      handle: changeEmail,
    }),
    rowOf({
      method: 'PUT',
      path: '/accounts/me/password',
      summary: 'Changes the password.',
      right: null,
      ...body,
      handle: changePassword,
    }),
    rowOf({
      method: 'DELETE',
      path: '/accounts/me',
      summary: 'Removes the account with its agents and files.',
      right: null,
      handle: removeAccount,
    }),
  ];
}

const done: Answer = { status: 200, body: { Status: 200 } };

/** The first that fails, in the reference's order (printerlynx §2.2). Lengths are bytes. */
function firstFault(body: { username: string; email: string; password: string; password_confirmation: string }): string | null {
  if (body.password !== body.password_confirmation) return differing;
  if (Buffer.byteLength(body.username) < 3) return 'Username must be at least 3 characters long';
  if (!body.email.includes('@')) return 'Email is not valid';
  return Buffer.byteLength(body.password) < 6 ? shortPassword : null;
}

function bodyOf<T>(request: RowRequest, read: (body: unknown) => Result<T>): { value: T } | { answer: Answer } {
  if (!isJson(request)) return { answer: errorAnswer(415, 'Expected a body of type application/json') };
  const result = read(request.body);
  return result.refusal === undefined
    ? { value: result.value }
    : { answer: spelling.refusal(result.refusal, { path: request.url }) };
}

/** The page shows what comes with 400 only; waiting is the one thing that its programs must tell apart. */
function tokenOr(result: Result<SignedIn>, text: (refusal: Refusal) => string): Answer {
  const { refusal } = result;
  if (refusal === undefined)
    return { status: 200, headers: { 'cache-control': 'no-store' }, body: { token: result.value.token } };
  return refusal.code === 'too_many' ? spelling.refusal(refusal, { path: '' }) : errorAnswer(400, text(refusal));
}

function doneOr(result: Result<unknown>, wrong: string): Answer {
  const { refusal } = result;
  if (refusal === undefined) return done;
  return refusal.code === 'too_many' ? spelling.refusal(refusal, { path: '' }) : errorAnswer(400, wrong);
}

function callerOf({ headers, remote }: RowRequest): Caller {
  return { remote, agent: headers['user-agent'] ?? null, local: isLocalCall(remote, headers) };
}

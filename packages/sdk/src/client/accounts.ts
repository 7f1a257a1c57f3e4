import type {
  AccountChange,
  AccountList,
  AccountRequest,
  AccountView,
  InvitationCreated,
  InvitationList,
  InvitationRequest,
  InvitationView,
  LinkCreated,
  LoginRequest,
  OwnPasswordRequest,
  PresentSession,
  RegisterRequest,
  SessionCreated,
  SessionList,
  SessionView,
} from '../account.ts';
import type { Http } from './http.ts';

/** Signing in and out, and the own account. */
export interface SessionClient {
  /** `token` of the answer is for the next client; null with `cookie`. */
  login(request: LoginRequest): Promise<SessionCreated>;
  register(request: RegisterRequest): Promise<SessionCreated>;
  /** Who asks, and by which session. */
  present(): Promise<PresentSession>;
  logout(): Promise<void>;
  list(): Promise<readonly SessionView[]>;
  end(id: string): Promise<void>;
  endOthers(): Promise<void>;
  /** Lets a browser in as the one who asks: once, within ten minutes. */
  link(): Promise<LinkCreated>;
  account(): Promise<AccountView>;
  changeEmail(email: string | null): Promise<AccountView>;
  changePassword(request: OwnPasswordRequest): Promise<void>;
  /** Removes the own account. */
  remove(password: string): Promise<void>;
}

/** Accounts, for administrators. */
export interface UsersClient {
  list(): Promise<readonly AccountView[]>;
  show(name: string): Promise<AccountView>;
  add(request: AccountRequest): Promise<AccountView>;
  change(name: string, change: AccountChange): Promise<AccountView>;
  setPassword(name: string, password: string): Promise<AccountView>;
  remove(name: string): Promise<void>;
  invitations(): Promise<readonly InvitationView[]>;
  /** `code` of the answer is shown this once. */
  invite(request: InvitationRequest): Promise<InvitationCreated>;
  revokeInvitation(id: string): Promise<void>;
}

export function sessionClient(http: Http): SessionClient {
  return {
    login: (json) => http.json('/v1/session', { method: 'POST', json }),
    register: (json) => http.json('/v1/register', { method: 'POST', json }),
    present: () => http.json('/v1/session'),
    logout: () => gone(http, '/v1/session'),
    list: async () => (await http.json<SessionList>('/v1/sessions')).sessions,
    end: (id) => gone(http, `/v1/sessions/${encodeURIComponent(id)}`),
    endOthers: () => gone(http, '/v1/sessions'),
    link: () => http.json('/v1/links', { method: 'POST' }),
    account: () => http.json('/v1/me'),
    changeEmail: (email) => http.json('/v1/me', { method: 'PATCH', json: { email } }),
    changePassword: async (json) => {
      await http.raw('/v1/me/password', { method: 'PUT', json });
    },
    remove: async (password) => {
      await http.raw('/v1/me', { method: 'DELETE', json: { password } });
    },
  };
}

export function usersClient(http: Http): UsersClient {
  const of = (name: string): string => `/v1/users/${encodeURIComponent(name)}`;
  return {
    list: async () => (await http.json<AccountList>('/v1/users')).users,
    show: (name) => http.json(of(name)),
    add: (json) => http.json('/v1/users', { method: 'POST', json }),
    change: (name, json) => http.json(of(name), { method: 'PATCH', json }),
    setPassword: (name, password) => http.json(`${of(name)}/password`, { method: 'PUT', json: { password } }),
    remove: (name) => gone(http, of(name)),
    invitations: async () => (await http.json<InvitationList>('/v1/invitations')).invitations,
    invite: (json) => http.json('/v1/invitations', { method: 'POST', json }),
    revokeInvitation: (id) => gone(http, `/v1/invitations/${encodeURIComponent(id)}`),
  };
}

async function gone(http: Http, path: string): Promise<void> {
  await http.raw(path, { method: 'DELETE' });
}

import Type, { type Static } from 'typebox';
import { closed, Name, Time } from './names.ts';
import { TokenRole } from './requests.ts';

const timeOrNull = Type.Union([Time, Type.Null()]);
const textOrNull = Type.Union([Type.String(), Type.Null()]);

const Username = Type.String({ minLength: 1, maxLength: 100 });
/** Any length that nobody types by hand is refused before it is hashed. */
const GivenPassword = Type.String({ maxLength: 1_024 });
const NewPassword = Type.String({ minLength: 8, maxLength: 1_024 });
const Email = Type.Union([Type.String({ maxLength: 254 }), Type.Null()]);

/** A person's account. Jobs belong to `user:ID`. */
export const AccountView = Type.Object({
  id: Type.String(),
  username: Type.String(),
  email: textOrNull,
  role: Type.String(),
  disabled: Type.Boolean(),
  sessions: Type.Integer(),
  createdBy: Type.String(),
  createdAt: Time,
  lastLoginAt: timeOrNull,
});
export type AccountView = Static<typeof AccountView>;
export const AccountList = Type.Object({ users: Type.Array(AccountView) });
export type AccountList = Static<typeof AccountList>;

/** `password: null`: nobody signs in until one is set. */
export const AccountRequest = Type.Object(
  {
    username: Username,
    role: TokenRole,
    password: Type.Optional(Type.Union([NewPassword, Type.Null()])),
    email: Type.Optional(Email),
  },
  closed,
);
export type AccountRequest = Omit<Static<typeof AccountRequest>, 'role'> & { role: TokenRole };

export const AccountChange = Type.Object(
  { role: Type.Optional(TokenRole), disabled: Type.Optional(Type.Boolean()), email: Type.Optional(Email) },
  { ...closed, minProperties: 1 },
);
export type AccountChange = Omit<Static<typeof AccountChange>, 'role'> & { role?: TokenRole };

export const PasswordRequest = Type.Object({ password: NewPassword }, closed);
export type PasswordRequest = Static<typeof PasswordRequest>;

/** What people change of their own account. */
export const OwnPasswordRequest = Type.Object({ old: GivenPassword, password: NewPassword }, closed);
export type OwnPasswordRequest = Static<typeof OwnPasswordRequest>;
export const OwnChange = Type.Object({ email: Email }, closed);
export type OwnChange = Static<typeof OwnChange>;
export const OwnRemoval = Type.Object({ password: GivenPassword }, closed);
export type OwnRemoval = Static<typeof OwnRemoval>;

/** `cookie`: for pages of this server; the token is then kept by the browser and not told. */
const cookie = Type.Optional(Type.Boolean());

export const LoginRequest = Type.Union([
  Type.Object({ username: Username, password: GivenPassword, cookie }, closed),
  /** From a one-time link. */
  Type.Object({ code: Type.String({ minLength: 1, maxLength: 100 }), cookie }, closed),
]);
export type LoginRequest = Static<typeof LoginRequest>;

export const RegisterRequest = Type.Object(
  {
    username: Username,
    password: NewPassword,
    email: Type.Optional(Email),
    invitation: Type.Optional(Type.String({ maxLength: 100 })),
    cookie,
  },
  closed,
);
export type RegisterRequest = Static<typeof RegisterRequest>;

/** Somebody is in. */
export const SessionCreated = Type.Object({
  /** To be sent as bearer; null: it is in the cookie. Shown this once. */
  token: textOrNull,
  /** With a cookie: to be sent as `X-Switchyard-CSRF` with everything that changes something. */
  csrf: textOrNull,
  name: Type.String(),
  expiresAt: Time,
});
export type SessionCreated = Static<typeof SessionCreated>;

export const SessionView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  /** Address and program. */
  from: Type.String(),
  createdAt: Time,
  lastUsedAt: Time,
  expiresAt: Time,
  /** The one that asks. */
  present: Type.Boolean(),
});
export type SessionView = Static<typeof SessionView>;
export const SessionList = Type.Object({ sessions: Type.Array(SessionView) });
export type SessionList = Static<typeof SessionList>;

/** Who asks, and how it proved it. */
export const PresentSession = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** Null: a token, not a session. */
  session: Type.Union([SessionView, Type.Null()]),
  /** Null: not asked with a cookie. */
  csrf: textOrNull,
});
export type PresentSession = Static<typeof PresentSession>;

/** Ten minutes, once. */
export const LinkCreated = Type.Object({ code: Type.String(), path: Type.String(), expiresAt: Time });
export type LinkCreated = Static<typeof LinkCreated>;

export const InvitationRequest = Type.Object(
  { role: TokenRole, note: Type.Optional(Name), expiresAt: Type.Optional(Time) },
  closed,
);
export type InvitationRequest = Omit<Static<typeof InvitationRequest>, 'role'> & { role: TokenRole };
export const InvitationView = Type.Object({
  id: Type.String(),
  role: Type.String(),
  note: Type.String(),
  createdBy: Type.String(),
  createdAt: Time,
  expiresAt: Time,
});
export type InvitationView = Static<typeof InvitationView>;
/** `code` is shown this once. */
export const InvitationCreated = Type.Object({ ...InvitationView.properties, code: Type.String() });
export type InvitationCreated = Static<typeof InvitationCreated>;
export const InvitationList = Type.Object({ invitations: Type.Array(InvitationView) });
export type InvitationList = Static<typeof InvitationList>;

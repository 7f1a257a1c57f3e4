import {
  AccountChange,
  AccountList,
  AccountRequest,
  AccountView,
  InvitationCreated,
  InvitationList,
  InvitationRequest,
  PasswordRequest,
} from '@switchyard/sdk/account.ts';
import Type from 'typebox';
import { type Result, refuse } from '../../../domain/errors.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { accountView, invitationView } from '../views/account-view.ts';

const NameParam = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });
const week = 7 * 86_400_000;

/** Accounts and invitations, for administrators. */
export function userRows(context: ApiContext): HttpRow[] {
  const { access, clock } = context;
  const { admin, invitations } = access;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/users',
      summary: 'All accounts.',
      right: 'admin:read',
      tags: ['users'],
      answers: { 200: AccountList },
      handle: async ({ by }) => shown(await admin.list(by), (users) => ({ users: users.map(accountView) })),
    }),
    row({
      method: 'POST',
      path: '/v1/users',
      summary: 'Makes an account.',
      right: 'admin:write',
      tags: ['users'],
      body: AccountRequest,
      answers: { 201: AccountView },
      handle: async ({ by, body }) => {
        const { username, role, password = null, email = null } = body as AccountRequest;
        const made = await admin.create(by, { username, role, password, email });
        return made.refusal === undefined ? { status: 201, body: accountView(made.value) } : refused(made.refusal);
      },
    }),
    row({
      method: 'GET',
      path: '/v1/users/:name',
      summary: 'One account, by its name without regard to case.',
      right: 'admin:read',
      tags: ['users'],
      params: NameParam,
      answers: { 200: AccountView },
      handle: async ({ by, params }) => shown(await admin.get(by, params.name), accountView),
    }),
    row({
      method: 'PATCH',
      path: '/v1/users/:name',
      summary: 'Changes role, e-mail address, or whether it may sign in. Disabled, or with another role, its sessions end.',
      right: 'admin:write',
      tags: ['users'],
      params: NameParam,
      body: AccountChange,
      answers: { 200: AccountView },
      handle: async ({ by, params, body }) => shown(await admin.update(by, params.name, body as AccountChange), accountView),
    }),
    row({
      method: 'PUT',
      path: '/v1/users/:name/password',
      summary: 'Sets the password; its sessions end.',
      right: 'admin:write',
      tags: ['users'],
      params: NameParam,
      body: PasswordRequest,
      answers: { 200: AccountView },
      handle: async ({ by, params, body }) => shown(await admin.setPassword(by, params.name, body.password), accountView),
    }),
    row({
      method: 'DELETE',
      path: '/v1/users/:name',
      summary: 'Removes an account; its sessions end, its jobs stay.',
      right: 'admin:write',
      tags: ['users'],
      params: NameParam,
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const removed = await admin.remove(by, params.name);
        return removed.refusal === undefined ? done : refused(removed.refusal);
      },
    }),
    row({
      method: 'GET',
      path: '/v1/invitations',
      summary: 'Invitations that nobody has used yet, without their codes.',
      right: 'admin:read',
      tags: ['users'],
      answers: { 200: InvitationList },
      handle: async () => ok({ invitations: (await invitations.list()).map(invitationView) }),
    }),
    row({
      method: 'POST',
      path: '/v1/invitations',
      summary:
        'Makes an invitation: one account with this role, within a week unless said otherwise. Its code is shown this once.',
      right: 'admin:write',
      tags: ['users'],
      body: InvitationRequest,
      answers: { 201: InvitationCreated },
      handle: async ({ by, body }) => {
        const { role, note = '', expiresAt } = body as InvitationRequest;
        const ms = msUntil(expiresAt, clock.now());
        if (ms.refusal !== undefined) return refused(ms.refusal);
        const made = await invitations.create(by, { role, note, ms: ms.value });
        if (made.refusal !== undefined) return refused(made.refusal);
        const { invitation, code } = made.value;
        return { status: 201, headers: { 'cache-control': 'no-store' }, body: { ...invitationView(invitation), code } };
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/invitations/:id',
      summary: 'Takes an invitation back.',
      right: 'admin:write',
      tags: ['users'],
      params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
      answers: { 204: null },
      handle: async ({ by, params }) =>
        (await invitations.revoke(by, params.id))
          ? done
          : refused(refuse('not_found', `There is no invitation ${params.id}`).refusal),
    }),
  ];
}

function msUntil(expiresAt: string | undefined, now: number): Result<number> {
  const ms = expiresAt === undefined ? week : Date.parse(expiresAt) - now;
  return ms > 0 ? { value: ms } : refuse('invalid', 'An invitation has to end in the future', '/expiresAt');
}

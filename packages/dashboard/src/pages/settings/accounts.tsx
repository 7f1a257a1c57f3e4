import type { AccountView, InvitationView } from '@switchyard/sdk/account.ts';
import type { TokenRole } from '@switchyard/sdk/requests.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { timeText } from '../../words/time.ts';
import { accountRoles, RoleChoice } from './role-choice.tsx';

/** People's accounts, and invitations to make one. */
export function Accounts() {
  const { client } = useYard();
  const may = useMay('admin:write');
  const users = useQuery({ queryKey: ['users'], queryFn: () => client.users.list() });
  const changed = (): void => void users.refetch();
  const columns: readonly PlainColumn<AccountView>[] = [
    { title: 'username', cell: ({ username }) => username },
    { title: 'role', cell: (user) => (may ? <UserRole user={user} changed={changed} /> : user.role) },
    { title: 'e-mail', dim: true, cell: ({ email }) => email },
    { title: 'sessions', number: true, cell: ({ sessions }) => sessions },
    { title: 'last login', dim: true, cell: ({ lastLoginAt }) => (lastLoginAt === null ? 'never' : timeText(lastLoginAt)) },
    { title: '', cell: (user) => may && <UserActions user={user} changed={changed} /> },
  ];
  return (
    <>
      {users.error !== null && <ProblemBox error={users.error} />}
      <PlainTable rows={users.data ?? []} columns={columns} keyOf={({ id }) => id} empty="No accounts yet." />
      {may && <NewUser made={changed} />}
      <Invitations />
    </>
  );
}

function UserRole({ user: { username, role }, changed }: { user: AccountView; changed: () => void }) {
  const { client } = useYard();
  const [choice, setChoice] = useState(role as TokenRole);
  const set = async (): Promise<string> => {
    await client.users.change(username, { role: choice });
    changed();
    return `${username}: ${choice}`;
  };
  return (
    <>
      <RoleChoice label={`Role of ${username}`} role={choice} choose={setChoice} />{' '}
      {choice !== role && <Action run={set}>Set</Action>}
    </>
  );
}

function UserActions({ user: { username, disabled }, changed }: { user: AccountView; changed: () => void }) {
  const { client } = useYard();
  const act = (work: () => Promise<unknown>, done: string) => async (): Promise<string> => {
    await work();
    changed();
    return done;
  };
  const reset = async (): Promise<string | undefined> => {
    const password = prompt(`New password of ${username} (eight characters or more); its sessions end`);
    if (password === null) return undefined;
    await client.users.setPassword(username, password);
    return `${username} has a new password`;
  };
  return (
    <>
      <Action
        run={act(
          () => client.users.change(username, { disabled: !disabled }),
          `${username} ${disabled ? 'may come in again' : 'is shut out'}`,
        )}
      >
        {disabled ? 'Enable' : 'Disable'}
      </Action>{' '}
      <Action run={reset}>Password</Action>{' '}
      <Action
        look="danger"
        ask={`Remove ${username}? Its jobs stay.`}
        run={act(() => client.users.remove(username), `${username} is removed`)}
      >
        Remove
      </Action>
    </>
  );
}

function NewUser({ made }: { made: () => void }) {
  const { client } = useYard();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<TokenRole>('submitter');
  const add = async (): Promise<string> => {
    await client.users.add({ username, role, password });
    setUsername('');
    setPassword('');
    made();
    return `Made: ${username}`;
  };
  return (
    <div className="bar">
      <input
        aria-label="Username"
        placeholder="username"
        autoComplete="off"
        value={username}
        onChange={({ target }) => setUsername(target.value)}
      />
      <input
        aria-label="Password of the account"
        type="password"
        placeholder="password"
        autoComplete="new-password"
        value={password}
        onChange={({ target }) => setPassword(target.value)}
      />
      <RoleChoice label="Role of the account" role={role} choose={setRole} />
      <Action look="main" disabled={username === '' || password.length < 8} run={add}>
        Add account
      </Action>
    </div>
  );
}

function Invitations() {
  const { client } = useYard();
  const may = useMay('admin:write');
  const [role, setRole] = useState<TokenRole>('submitter');
  const [code, setCode] = useState<string | null>(null);
  const invitations = useQuery({ queryKey: ['invitations'], queryFn: () => client.users.invitations() });
  const invite = async (): Promise<string> => {
    const made = await client.users.invite({ role });
    setCode(made.code);
    await invitations.refetch();
    return 'Invitation made';
  };
  const columns: readonly PlainColumn<InvitationView>[] = [
    { title: 'role', cell: (one) => one.role },
    { title: 'note', cell: ({ note }) => note },
    { title: 'until', dim: true, cell: ({ expiresAt }) => timeText(expiresAt) },
    {
      title: '',
      cell: ({ id }) =>
        may && (
          <Action
            look="danger"
            run={async () => {
              await client.users.revokeInvitation(id);
              await invitations.refetch();
              return 'Taken back';
            }}
          >
            Take back
          </Action>
        ),
    },
  ];
  return (
    <section>
      <h2>Invitations</h2>
      <PlainTable rows={invitations.data ?? []} columns={columns} keyOf={({ id }) => id} empty="None is open." />
      {may && (
        <div className="bar">
          <RoleChoice label="Role of the invited" role={role} choose={setRole} roles={accountRoles} />
          <Action run={invite}>Invite</Action>
        </div>
      )}
      {code !== null && (
        <p className="once">
          Works once: <code>{code}</code>
        </p>
      )}
    </section>
  );
}

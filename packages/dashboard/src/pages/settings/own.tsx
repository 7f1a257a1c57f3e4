import type { SessionView } from '@switchyard/sdk/account.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { agoText, timeText } from '../../words/time.ts';

/** The own account: where it is signed in, and its password. */
export function Own() {
  const { client, me } = useYard();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => client.session.list() });
  const columns: readonly PlainColumn<SessionView>[] = [
    { title: 'from', cell: ({ from, present }) => (present ? `${from} (this one)` : from) },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'used', dim: true, cell: ({ lastUsedAt }) => agoText(lastUsedAt, Date.now()) },
    { title: 'until', dim: true, cell: ({ expiresAt }) => timeText(expiresAt) },
    {
      title: '',
      cell: ({ id, present }) =>
        !present && (
          <Action
            run={async () => {
              await client.session.end(id);
              await sessions.refetch();
              return 'Signed out there';
            }}
          >
            Sign out
          </Action>
        ),
    },
  ];
  return (
    <>
      <p>
        {me.name}: {me.rights.join(', ')}; sees {me.scope === 'all' ? 'everything' : 'its own jobs'}
      </p>
      <PlainTable rows={sessions.data ?? []} columns={columns} keyOf={({ id }) => id} empty="Not signed in by a session." />
      {me.id.startsWith('user:') && <OwnPassword />}
    </>
  );
}

function OwnPassword() {
  const { client } = useYard();
  const [old, setOld] = useState('');
  const [password, setPassword] = useState('');
  const change = async (): Promise<string> => {
    await client.session.changePassword({ old, password });
    setOld('');
    setPassword('');
    return 'Changed; all other sessions have ended';
  };
  return (
    <section>
      <h2>Password</h2>
      <div className="bar">
        <input
          aria-label="Present password"
          type="password"
          placeholder="present"
          autoComplete="current-password"
          value={old}
          onChange={({ target }) => setOld(target.value)}
        />
        <input
          aria-label="New password"
          type="password"
          placeholder="new"
          autoComplete="new-password"
          value={password}
          onChange={({ target }) => setPassword(target.value)}
        />
        <Action disabled={old === '' || password.length < 8} run={change}>
          Change password
        </Action>
      </div>
    </section>
  );
}

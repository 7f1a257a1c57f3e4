import type { TokenRole } from '@switchyard/sdk/requests.ts';
import type { TokenView } from '@switchyard/sdk/token.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { timeText } from '../../words/time.ts';
import { RoleChoice, tokenRoles } from './role-choice.tsx';

export function Tokens() {
  const { client } = useYard();
  const may = useMay('admin:write');
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => client.tokens.list() });
  const columns: readonly PlainColumn<TokenView>[] = [
    { title: 'name', cell: ({ name }) => name },
    { title: 'role', cell: ({ role }) => role },
    { title: 'made', dim: true, cell: ({ createdAt }) => timeText(createdAt) },
    { title: 'expires', dim: true, cell: ({ expiresAt }) => (expiresAt === null ? 'never' : timeText(expiresAt)) },
    { title: 'last used', dim: true, cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : timeText(lastUsedAt)) },
    {
      title: '',
      cell: ({ id, name }) =>
        may && (
          <Action
            look="danger"
            ask={`Revoke ${name}? Whoever uses it is shut out at once.`}
            run={async () => {
              await client.tokens.revoke(id);
              await tokens.refetch();
              return `${name} is revoked`;
            }}
          >
            Revoke
          </Action>
        ),
    },
  ];
  return (
    <>
      {tokens.error !== null && <ProblemBox error={tokens.error} />}
      <PlainTable rows={tokens.data ?? []} columns={columns} keyOf={({ id }) => id} empty="There is none." />
      {may && <NewToken made={() => void tokens.refetch()} />}
    </>
  );
}

function NewToken({ made }: { made: () => void }) {
  const { client } = useYard();
  const [name, setName] = useState('');
  const [role, setRole] = useState<TokenRole>('submitter');
  const [token, setToken] = useState<string | null>(null);
  const create = async (): Promise<string> => {
    const created = await client.tokens.create({ name, role });
    setToken(created.token);
    setName('');
    made();
    return `Made: ${created.name}`;
  };
  return (
    <>
      <div className="bar">
        <input aria-label="Name of the token" placeholder="name" value={name} onChange={({ target }) => setName(target.value)} />
        <RoleChoice label="Role" role={role} choose={setRole} roles={tokenRoles} />
        <Action look="main" disabled={name === ''} run={create}>
          Make a token
        </Action>
      </div>
      {token !== null && (
        <p className="once">
          Shown this once: <code>{token}</code>
        </p>
      )}
    </>
  );
}

import type { TokenRole } from '@switchyard/sdk/requests.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { timeText } from '../../words/time.ts';

const roles: readonly TokenRole[] = ['submitter', 'operator', 'viewer', 'worker', 'admin'];

export function Tokens() {
  const { client } = useYard();
  const may = useMay('admin:write');
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => client.tokens.list() });
  return (
    <>
      {tokens.error !== null && <ProblemBox error={tokens.error} />}
      <table className="plain">
        <thead>
          <tr>
            {['name', 'role', 'made', 'expires', 'last used', ''].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(tokens.data ?? []).map((token) => (
            <tr key={token.id}>
              <td>{token.name}</td>
              <td>{token.role}</td>
              <td className="dim">{timeText(token.createdAt)}</td>
              <td className="dim">{token.expiresAt === null ? 'never' : timeText(token.expiresAt)}</td>
              <td className="dim">{token.lastUsedAt === null ? 'never' : timeText(token.lastUsedAt)}</td>
              <td>
                {may && (
                  <Action
                    look="danger"
                    ask={`Revoke ${token.name}? Whoever uses it is shut out at once.`}
                    run={async () => {
                      await client.tokens.revoke(token.id);
                      await tokens.refetch();
                      return `${token.name} is revoked`;
                    }}
                  >
                    Revoke
                  </Action>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
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
        <select aria-label="Role" value={role} onChange={({ target }) => setRole(target.value as TokenRole)}>
          {roles.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
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

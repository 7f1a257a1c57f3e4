import { useState } from 'react';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { ProblemBox } from '../../parts/problem.tsx';

/** Counted things of the whole yard: licences, heating slots. */
export function Pools() {
  const { client } = useYard();
  const may = useMay('pool:write');
  const [name, setName] = useState('');
  const [total, setTotal] = useState('1');
  const pools = useLiveQuery({ key: ['pools'], read: () => client.pools.list(), touched: (batch) => batch.pools });
  const set = async (pool: string, count: string): Promise<string> => {
    await client.pools.set(pool, Number(count));
    await pools.refetch();
    return `${pool}: ${count}`;
  };
  return (
    <>
      {pools.error !== null && <ProblemBox error={pools.error} />}
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">pool</th>
            <th scope="col">in use</th>
            <th scope="col">total</th>
            <th scope="col" aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {(pools.data ?? []).map((pool) => (
            <tr key={pool.name}>
              <td>{pool.name}</td>
              <td>
                <meter min={0} max={Math.max(1, pool.total)} value={pool.used} aria-label={`${pool.name} in use`} /> {pool.used}
              </td>
              <td className="number">{pool.total}</td>
              <td>
                {may && (
                  <>
                    <Action run={() => set(pool.name, String(pool.total + 1))}>+1</Action>{' '}
                    <Action disabled={pool.total === 0} run={() => set(pool.name, String(pool.total - 1))}>
                      −1
                    </Action>{' '}
                    <Action
                      look="danger"
                      ask={`Remove the pool ${pool.name}? Tasks that need it will wait.`}
                      run={async () => {
                        await client.pools.remove(pool.name);
                        await pools.refetch();
                        return `${pool.name} is removed`;
                      }}
                    >
                      Remove
                    </Action>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {may && (
        <div className="bar">
          <input aria-label="Name of the pool" placeholder="name" value={name} onChange={({ target }) => setName(target.value)} />
          <input aria-label="Total" type="number" min={0} value={total} onChange={({ target }) => setTotal(target.value)} />
          <Action look="main" disabled={name === ''} run={() => set(name, total)}>
            Set
          </Action>
        </div>
      )}
    </>
  );
}

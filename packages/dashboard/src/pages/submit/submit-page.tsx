import { useQuery } from '@tanstack/react-query';
import { useYard } from '../../data/yard.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { type Route, replaceQuery } from '../../route.ts';
import { JsonForm } from './json-form.tsx';
import { ShellForm } from './shell-form.tsx';

export function SubmitPage({ route }: { route: Route }) {
  const { client, me } = useYard();
  const kinds = useQuery({ queryKey: ['kinds'], queryFn: () => client.kinds(), staleTime: Number.POSITIVE_INFINITY });
  const name = route.query['kind'] ?? 'shell';
  const kind = kinds.data?.find((one) => one.name === name);
  const allowed = kinds.data?.filter((one) => me.kinds === null || me.kinds.includes(one.name)) ?? [];
  return (
    <section className="page">
      <header className="bar">
        <h1>Submit a job</h1>
        <select aria-label="Kind of job" value={name} onChange={({ target }) => replaceQuery(route, { kind: target.value })}>
          {allowed.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      </header>
      {kinds.error !== null && <ProblemBox error={kinds.error} />}
      {name === 'shell' && <ShellForm />}
      {name !== 'shell' && kind !== undefined && <JsonForm key={name} kind={kind} />}
    </section>
  );
}

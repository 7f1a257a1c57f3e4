import type { SettingView } from '@switchyard/sdk/system.ts';
import { useQuery } from '@tanstack/react-query';
import { useYard } from '../../data/yard.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { timeText } from '../../words/time.ts';

const columns: readonly PlainColumn<SettingView>[] = [
  { title: 'option', cell: ({ name }) => <code>{name}</code> },
  { title: 'value', cell: ({ value }) => value },
  { title: 'from', dim: true, cell: ({ origin }) => origin },
];

/** How the server is set up; changed by its flags, variables and file. */
export function Server() {
  const { client } = useYard();
  const system = useQuery({ queryKey: ['system'], queryFn: () => client.system() });
  const settings = useQuery({ queryKey: ['settings'], queryFn: () => client.settings() });
  return (
    <>
      {system.data !== undefined && (
        <>
          <p>
            Switchyard {system.data.version}, since {timeText(system.data.startedAt)}; TLS {system.data.tls.on ? 'on' : 'off'}
            {system.data.tls.expiresAt !== null && `, its certificate ends ${timeText(system.data.tls.expiresAt)}`}
          </p>
          <h2>Open without a secret</h2>
          <ul>
            {system.data.open.map(({ name, to, why }) => (
              <li key={name}>
                <strong>{name}</strong>: to {to} ({why})
              </li>
            ))}
          </ul>
        </>
      )}
      {settings.error !== null && <ProblemBox error={settings.error} />}
      <h2>Options</h2>
      <PlainTable rows={settings.data ?? []} columns={columns} keyOf={({ name }) => name} empty="" />
    </>
  );
}

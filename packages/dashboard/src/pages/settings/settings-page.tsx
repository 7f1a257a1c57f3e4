import { useMay } from '../../data/yard.tsx';
import { hrefOf, type Route } from '../../route.ts';
import { Accounts } from './accounts.tsx';
import { Audit } from './audit.tsx';
import { Own } from './own.tsx';
import { Pools } from './pools.tsx';
import { Server } from './server.tsx';
import { Tokens } from './tokens.tsx';

const parts = [
  { name: 'me', title: 'Me', right: null, Part: Own },
  { name: 'pools', title: 'Pools', right: 'pool:read', Part: Pools },
  { name: 'accounts', title: 'Accounts', right: 'admin:read', Part: Accounts },
  { name: 'tokens', title: 'Tokens', right: 'admin:read', Part: Tokens },
  { name: 'audit', title: 'Audit trail', right: 'admin:read', Part: Audit },
  { name: 'server', title: 'Server', right: 'admin:read', Part: Server },
] as const;

export function SettingsPage({ route }: { route: Route }) {
  const may = { 'pool:read': useMay('pool:read'), 'admin:read': useMay('admin:read') };
  const shown = parts.filter(({ right }) => right === null || may[right]);
  const current = shown.find(({ name }) => name === route.rest[0]) ?? shown[0];
  return (
    <section className="page">
      <h1>Settings</h1>
      <nav className="tabs" aria-label="Settings">
        {shown.map(({ name, title }) => (
          <a
            key={name}
            className="button"
            href={hrefOf('settings', [name])}
            aria-current={name === current?.name ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {current !== undefined && <current.Part />}
    </section>
  );
}

import { rights, roles } from '../../packages/server/src/domain/principal.ts';
import { code, page, table } from './page.ts';

export function rolesPage(): string {
  const names = Object.keys(roles) as (keyof typeof roles)[];
  return page(
    'Roles and rights',
    'packages/server/src/domain/principal.ts',
    table(
      ['role', 'may', 'reaches'],
      names.map((name) => [code(name), roles[name].text, roles[name].scope === 'all' ? 'everything' : 'its own']),
    ),
    table(
      ['right', ...names],
      rights.map((right) => [code(right), ...names.map((name) => (roles[name].rights.includes(right) ? 'yes' : ''))]),
    ),
  );
}

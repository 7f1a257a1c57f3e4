import { rights, roles } from '../../packages/server/src/domain/principal.ts';
import { apiLimits } from '../../packages/server/src/doors/api/deps.ts';
import { apiTable } from '../../packages/server/src/doors/api/table.ts';
import { flamencoTable } from '../../packages/server/src/doors/flamenco/table.ts';
import { clientTable, workerTable } from '../../packages/server/src/doors/kueue/table.ts';
import { code, page, table } from './page.ts';

/** Stands in for everything that the rows of a door work with: only their methods, addresses and rights are wanted. */
const anything: never = new Proxy(() => {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => '' : anything),
  apply: () => anything,
}) as never;

const numbers = new Proxy({}, { get: () => 1 }) as never;

interface Row {
  readonly method: string;
  readonly path: string;
  readonly right: string | null;
}

const byAddress = (rows: readonly Row[]): string[][] =>
  rows
    .map(({ method, path, right }) => [code(`${method} ${path}`), right === null ? '' : code(right)])
    .sort(([a = ''], [b = '']) => wordsOf(a).localeCompare(wordsOf(b)));

/** By address, then by method. */
const wordsOf = (text: string): string => text.replace(/^`(\w+) (.*)`$/, '$2 $1');

function apiRows(): readonly Row[] {
  const known: Record<PropertyKey, unknown> = { limits: apiLimits, allowedOrigins: [] };
  return apiTable(new Proxy(known, { get: (target, name) => target[name] ?? anything }) as never);
}

function kueueRows(): string[][] {
  const messages = Object.entries({ ...clientTable, ...workerTable });
  return messages.flatMap(([name, row]) => ('right' in row ? [[code(name), code(row.right)]] : []));
}

export function rolesPage(): string {
  const names = Object.keys(roles) as (keyof typeof roles)[];
  return page(
    'Roles and rights',
    'packages/server/src/domain/principal.ts and the tables of the doors',
    table(
      ['role', 'may', 'reaches'],
      names.map((name) => [code(name), roles[name].text, roles[name].scope === 'all' ? 'everything' : 'its own']),
    ),
    table(
      ['right', ...names],
      rights.map((right) => [code(right), ...names.map((name) => (roles[name].rights.includes(right) ? 'yes' : ''))]),
    ),
    'A test asks every address below with every role, and compares the answers with these tables. Where no right stands, anybody who is known may ask (or needs nobody to know him: signing in, health).',
    '## Our own API',
    table(['address', 'right'], byAddress(apiRows())),
    '## Flamenco door',
    'Workers prove themselves by their id and secret, people by a token.',
    table(['address', 'right'], byAddress(flamencoTable(anything, anything, numbers))),
    '## Kueue door',
    'Whoever knows the shared secret has all of these; without it only the reads, where they are open.',
    table(['message', 'right'], kueueRows()),
  );
}

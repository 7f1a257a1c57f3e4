import { apiTable } from '../../packages/server/src/doors/api/table.ts';
import { code, page, table } from './page.ts';

/** Stands in for everything that only an answer needs: rows are made without asking it for anything else. */
const nothing: object = new Proxy(() => nothing, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : nothing),
  apply: () => nothing,
});
const context = new Proxy({}, { get: (_, name) => (name === 'allowedOrigins' ? [] : nothing) });

export function apiPage(): string {
  const rows = apiTable(context as Parameters<typeof apiTable>[0]);
  const groups = Map.groupBy(rows, ({ tags }) => tags?.[0] ?? 'other');
  const sections = [...groups].map(([tag, of]) =>
    [
      `## ${tag}`,
      table(
        ['method', 'address', 'right', 'what'],
        of.map(({ method, path, right, summary }) => [method, code(path), right === null ? '' : code(right), summary]),
      ),
    ].join('\n\n'),
  );
  return page(
    'API',
    'packages/server/src/doors/api/table.ts',
    'Every address of our own API. With schemas of questions and answers it is described at `/openapi.json` of every server (OpenAPI 3.1), to look at and to try at `/docs`. Tokens go as `Authorization: Bearer TOKEN`; refusals are [problem documents](errors.md). Without a right: any token, and outside of `/v1` nobody in particular.',
    ...sections,
  );
}

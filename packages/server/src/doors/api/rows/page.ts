import { refuse } from '../../../domain/errors.ts';
import type { StaticFiles } from '../../../ports/static-files.ts';
import { fileAnswer } from '../../kit/file-answer.ts';
import type { Answer, HttpRow, RowRequest } from '../../kit/http-row.ts';
import { refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';

/** What the build of `packages/dashboard` consists of; nothing else is given out. */
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page runs its own files only and talks to its own server only; nobody may frame it. */
const guarded = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Assets are named by their content; the page itself is asked for each time. */
const asset = { ...guarded, 'cache-control': 'public, max-age=31536000, immutable' };
const fresh = { ...guarded, 'cache-control': 'no-cache' };

/** The dashboard: `/` for browsers, one line of text for everybody else, its files below `/ui/`. Open: a page has to be loaded before there is a login. */
export function pageRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  const { about } = context;
  const text = { status: 200, body: `Switchyard ${about.version}. The API is described at /openapi.json.\n` };
  const shared = { method: 'GET', right: null, tags: ['server'], answers: { 200: null } } as const;
  return [
    row({
      ...shared,
      path: '/',
      summary: 'The dashboard, for browsers; for others a line that says what this is.',
      reads: { accept: 'the dashboard where it names text/html' },
      handle: async (request) => {
        const files = request.headers.accept?.includes('text/html') === true ? await about.page() : null;
        if (files === null) return text;
        const page = await give(files, ['index.html'], request, fresh);
        return { ...page, headers: { ...page.headers, vary: 'accept' } };
      },
    }),
    row({
      ...shared,
      path: '/ui/*',
      summary: 'A file of the dashboard.',
      handle: async (request) => {
        const names = (request.url.split('?', 1)[0] ?? '').split('/').slice(2);
        const files = await about.page();
        if (files === null) return refused(refuse('not_found', 'The dashboard was not built: run `npm run prepare`').refusal);
        return give(files, names, request, names[0] === 'assets' ? asset : fresh);
      },
    }),
  ];
}

async function give(
  files: StaticFiles,
  names: readonly string[],
  request: RowRequest,
  always: Readonly<Record<string, string>>,
): Promise<Answer> {
  const type = types[/\.([a-z]+)$/.exec(names.at(-1) ?? '')?.[1] ?? ''];
  const file = type === undefined ? null : await files.find(names);
  if (type === undefined || file === null || file === 'folder') return nothing;
  return (await fileAnswer(file, request, { always, sent: { 'content-type': type } })) ?? nothing;
}

const nothing = refused(refuse('not_found', 'The dashboard has no such file').refusal);

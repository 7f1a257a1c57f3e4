import { readFile } from 'node:fs/promises';
import type { HttpRow } from '../../kit/http-row.ts';
import { rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';

/** Nothing from elsewhere, nothing inline: what a hostile text could become is never run. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const files = [
  { path: '/docs', file: 'page.html', type: 'text/html; charset=utf-8', summary: 'The API to look at and to try, in a browser.' },
  { path: '/docs/page.css', file: 'page.css', type: 'text/css; charset=utf-8', summary: 'Looks of that page.' },
  { path: '/docs/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8', summary: 'Script of that page.' },
] as const;

/** The browsable page: three files of ours, made alive by `/openapi.json`. It knows no secret, so it needs no token. */
export function docsPageRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return files.map(({ path, file, type, summary }) => {
    let text: Promise<string> | null = null;
    const headers = {
      'content-type': type,
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    };
    return row({
      method: 'GET',
      path,
      summary,
      // Without secrets; what is tried there is sent with the token that is typed there.
      right: null,
      tags: ['server'],
      answers: { 200: null },
      handle: async () => {
        text ??= readFile(new URL(`../docs-page/${file}`, import.meta.url), 'utf8');
        return { status: 200, headers, body: await text };
      },
    });
  });
}

import { errors, refuse } from '../../../domain/errors.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { openApi } from '../openapi.ts';

const errorPage = `${Object.entries(errors)
  .map(([code, { status, title, retry }]) => `${code}\n  ${status}  ${title}. Try again: ${retry}.`)
  .join('\n')}\n`;

/** What is answered without a token beside health: what this is, how it is spoken to, and the worker to download. */
export function frontRows(context: ApiContext, all: () => readonly HttpRow[]): HttpRow[] {
  const { about } = context;
  const row = rowDefiner(context);
  let document: string | null = null;
  return [
    row({
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description (OpenAPI 3.1).',
      right: null,
      tags: ['server'],
      answers: { 200: null },
      handle: () => {
        document ??= JSON.stringify(openApi(all(), about.version));
        return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: document };
      },
    }),
    row({
      method: 'GET',
      path: '/docs/errors',
      summary: 'Every error code with its status, meaning and whether trying again helps: where the `type` of a problem leads.',
      right: null,
      tags: ['server'],
      answers: { 200: null },
      handle: () => ({ status: 200, body: errorPage }),
    }),
    row({
      method: 'GET',
      path: '/worker.mjs',
      summary: 'Our worker in one file: `node worker.mjs --server URL --token-file F`.',
      // A program without secrets; whoever runs it needs a token.
      right: null,
      tags: ['server'],
      answers: { 200: null },
      handle: async () => {
        const bytes = await about.workerFile();
        if (bytes === null) return refused(refuse('not_found', 'The worker file was not built: run `npm run prepare`').refusal);
        const headers = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' };
        return { status: 200, headers, body: Buffer.from(bytes) };
      },
    }),
  ];
}

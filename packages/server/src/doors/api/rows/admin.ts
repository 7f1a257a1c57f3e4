import { closed, Time } from '@switchyard/sdk/names.ts';
import { TokenRequest } from '@switchyard/sdk/requests.ts';
import { AuditPage, TokenCreated, TokenList } from '@switchyard/sdk/token.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { nextOf, pageOf, paging } from '../schemas.ts';
import { timeOf } from '../views/time.ts';

const AuditText = Type.String({ maxLength: 300 });
const AuditQuery = Type.Object(
  {
    ...paging,
    order: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')])),
    by: Type.Optional(AuditText),
    command: Type.Optional(AuditText),
    subject: Type.Optional(AuditText),
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    refused: Type.Optional(Type.Boolean({ description: 'only what was refused' })),
  },
  closed,
);

export function adminRows(context: ApiContext): HttpRow[] {
  const { engine, tokens } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tokens',
      summary: 'Tokens, without their secrets.',
      right: 'admin:read',
      tags: ['admin'],
      answers: { 200: TokenList },
      handle: async () => ok({ tokens: await tokens.list() }),
    }),
    row({
      method: 'POST',
      path: '/v1/tokens',
      summary: 'Makes a token; its secret is shown this once.',
      right: 'admin:write',
      tags: ['admin'],
      body: TokenRequest,
      answers: { 201: TokenCreated },
      handle: async ({ by, body }) => {
        const made = await tokens.create(by, body as TokenRequest);
        if (made.refusal !== undefined) return refused(made.refusal);
        return { status: 201, headers: { 'cache-control': 'no-store' }, body: made.value };
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/tokens/:id',
      summary: 'Revokes a token; it stops working at once.',
      right: 'admin:write',
      tags: ['admin'],
      params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
      answers: { 204: null },
      handle: async ({ by, params }) =>
        (await tokens.revoke(by, params.id)) ? done : refused(refuse('not_found', `There is no token ${params.id}`).refusal),
    }),
    row({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Who did what: commands, sign-ins, accounts and tokens, refusals. Newest first unless asked otherwise.',
      right: 'admin:read',
      tags: ['admin'],
      query: AuditQuery,
      answers: { 200: AuditPage },
      handle: async ({ by, query }) => {
        const page = pageOf(query, query.order ?? 'desc');
        const [since, until] = [query.since, query.until].map((time) => (time === undefined ? undefined : Date.parse(time)));
        const { by: who, command, subject, refused: only } = query;
        const found = await engine.query.audit(by, page, { by: who, command, subject, since, until, refused: only });
        if (found.refusal !== undefined) return refused(found.refusal);
        const entries = found.value.map((entry) => ({ ...entry, at: timeOf(entry.at) }));
        return ok({ entries, next: nextOf(entries, page.limit) });
      },
    }),
  ];
}

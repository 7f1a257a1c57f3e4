import type { TokenRequest } from '../requests.ts';
import type { AuditPage, TokenCreated, TokenView } from '../token.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';

export interface TokensClient {
  /** `token` of the answer is shown this once. */
  create(request: TokenRequest): Promise<TokenCreated>;
  list(): Promise<readonly TokenView[]>;
  revoke(id: string): Promise<void>;
}

export function tokensClient(http: Http): TokensClient {
  return {
    create: (json) => http.json('/v1/tokens', { method: 'POST', json }),
    list: async () => (await http.json<{ tokens: TokenView[] }>('/v1/tokens')).tokens,
    revoke: async (id) => {
      await http.raw(`/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
    },
  };
}

/** All that is given must fit. Newest first unless `order` says otherwise. */
export interface AuditQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  /** Id or name of who did it. */
  readonly by?: string | undefined;
  readonly command?: string | undefined;
  readonly subject?: string | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Only what was refused. */
  readonly refused?: boolean | undefined;
}

export function auditPage(http: Http, page: AuditQuery): Promise<AuditPage> {
  return http.json(`/v1/audit${queryString({ ...page })}`);
}

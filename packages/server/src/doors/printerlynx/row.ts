import type { Right } from '../../domain/principal.ts';
import type { Answer, CorsRule, HttpRow, RowRequest } from '../kit/http-row.ts';

/** The front end is on another origin (printerlynx §1.1). */
export const cors: CorsRule = { origins: 'any', headers: ['authorization', 'user-agent', 'content-type'] };

export interface RowFacts {
  readonly method: HttpRow['method'];
  /** Below `/api/v1`. */
  readonly path: string;
  readonly summary: string;
  /** Null: anybody who is known; `open`: anybody. */
  readonly right: Right | null | 'open';
  readonly parser?: HttpRow['parser'];
  readonly bodyLimit?: number;
  readonly discard?: HttpRow['discard'];
  readonly handle: (request: RowRequest) => Promise<Answer> | Answer;
}

export const base = '/api/v1';

export function rowOf({ method, path, summary, right, parser = 'none', bodyLimit = 0, discard, handle }: RowFacts): HttpRow {
  const shared = {
    method,
    path: base + path,
    summary,
    parser,
    bodyLimit,
    cors,
    tags: ['printerlynx'],
    handle,
    ...(discard === undefined ? {} : { discard }),
  };
  return right === 'open' ? { ...shared, right: null, open: true } : { ...shared, right };
}

/** The body is JSON, or the front end's own check says so (415). */
export const isJson = ({ headers }: RowRequest): boolean => /^application\/json\b/i.test(headers['content-type']?.trim() ?? '');

/** Lower case with hyphens; upper case is taken too; anything else is no id (printerlynx §4). */
export function readUuid(text: unknown): string | null {
  const lower = typeof text === 'string' ? text.toLowerCase() : '';
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower) ? lower : null;
}

import type { Authenticator } from '../kit/door.ts';
import type { HttpDialect, HttpRow } from '../kit/http-row.ts';
import { whoAsks } from '../kit/login.ts';
import { nobody } from '../kit/row-request.ts';
import { spelling } from './problem.ts';

/** Bearer tokens, cookies of our own pages, and problem documents. */
export function apiDialect(auth: Authenticator): HttpDialect {
  return {
    spelling,
    authenticate: (credentials, row) => (isOpen(row) ? { value: nobody } : whoAsks(auth, credentials, row.method !== 'GET')),
  };
}

/** Rows that look at no credential: signing in, and what tells nothing. */
export function isOpen(row: HttpRow): boolean {
  return row.open === true || (row.right === null && !row.path.startsWith('/v1/'));
}

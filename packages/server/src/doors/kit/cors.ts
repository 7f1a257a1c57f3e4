import type { CorsRule } from './http-row.ts';

type Headers = Record<string, string>;

/** What every answer of a row carries for the page that asked; also on errors, or the page could not read them. */
export function corsHeaders(rule: CorsRule, origin: string): Headers {
  const any = rule.origins === 'any';
  if (!fits(rule, origin)) return { vary: 'Origin' };
  // Credentials are never allowed together with `*` (Fetch standard): then the origin is named.
  const named = !any || rule.credentials === true || rule.named === true;
  const headers: Headers = { 'access-control-allow-origin': named ? origin : '*' };
  if (named) headers.vary = 'Origin';
  if (rule.credentials === true) headers['access-control-allow-credentials'] = 'true';
  if (rule.exposed !== undefined) headers['access-control-expose-headers'] = rule.exposed.join(', ');
  return headers;
}

/** Answer to the question before the request (`OPTIONS`). */
export function preflightHeaders(rule: CorsRule, origin: string, methods: readonly string[], asked?: string): Headers {
  const headers = corsHeaders(rule, origin);
  if (headers['access-control-allow-origin'] === undefined) return headers;
  headers['access-control-allow-methods'] = methods.join(', ');
  headers['access-control-allow-headers'] = rule.headers === 'asked' ? (asked ?? '') : rule.headers.join(', ');
  headers['access-control-max-age'] = '600';
  if (rule.privateNetwork === true) headers['access-control-allow-private-network'] = 'true';
  return headers;
}

export function corsAllows(rule: CorsRule | null, origin: string): boolean {
  return rule !== null && fits(rule, origin);
}

function fits({ origins }: CorsRule, origin: string): boolean {
  if (typeof origins === 'function') return origins(origin);
  return origins === 'any' || origins.includes(origin);
}

/** What is known of a file that is asked for under conditions (RFC 9110 §13). */
export interface Validators {
  /** With its quotes; strong. */
  readonly etag: string;
  /** Wall clock, ms. */
  readonly modifiedAt: number;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** 304 or 412 where a condition of a GET or HEAD does not hold; null: go on. In the order of RFC 9110 §13.2.2. */
export function failedCondition(headers: Headers, { etag, modifiedAt }: Validators): 304 | 412 | null {
  const { 'if-match': match, 'if-none-match': none } = headers;
  const since = dateOf(headers['if-modified-since']);
  const until = dateOf(headers['if-unmodified-since']);
  if (match !== undefined ? !lists(match, etag) : until !== null && wholeSeconds(modifiedAt) > until) return 412;
  if (none !== undefined) return lists(none, etag) ? 304 : null;
  return since !== null && wholeSeconds(modifiedAt) <= since ? 304 : null;
}

/** Whether a `Range` counts: not when `If-Range` names another version. */
export function rangeStands(headers: Headers, { etag, modifiedAt }: Validators): boolean {
  const named = headers['if-range']?.trim();
  if (named === undefined) return true;
  return named.startsWith('"') ? named === etag : dateOf(named) === wholeSeconds(modifiedAt);
}

export const httpDate = (ms: number): string => new Date(ms).toUTCString();

/** HTTP dates have no fractions. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

function dateOf(text: string | undefined): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}

function lists(header: string, etag: string): boolean {
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}

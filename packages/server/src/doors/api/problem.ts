import type { Problem } from '@switchyard/sdk/problem.ts';
import { type ErrorCode, errors, type Refusal } from '../../domain/errors.ts';
import type { Answer, Spelling } from '../kit/http-row.ts';

/** RFC 9457, for every refusal. */
export function problemOf(refusal: Refusal): Problem {
  const { status, title, retry } = errors[refusal.code];
  const problem = { type: `/docs/errors#${refusal.code}`, title, status, code: refusal.code, detail: refusal.detail, retry };
  return refusal.at === undefined ? problem : { ...problem, at: refusal.at };
}

export function problemAnswer(refusal: Refusal): Answer {
  const { status } = errors[refusal.code];
  const headers = { 'content-type': 'application/problem+json', ...extra[refusal.code], ...retryAfter(refusal) };
  return { status, headers, body: problemOf(refusal) };
}

/** Whole seconds, rounded up: never a second too early. */
function retryAfter({ afterMs }: Refusal): Readonly<Record<string, string>> {
  return afterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(afterMs / 1_000))) };
}

/** Headers that HTTP asks for with a status. */
const extra: Partial<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  unauthenticated: { 'www-authenticate': 'Bearer realm="switchyard"' },
  too_many: { 'retry-after': '60' },
  not_ready: { 'retry-after': '2' },
};

export const spelling: Spelling = {
  codes: Object.fromEntries(Object.entries(errors).map(([code, row]) => [code, row.status])) as Record<ErrorCode, number>,
  refusal: problemAnswer,
};

import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errors } from '../../domain/errors.ts';
import type { Answer, Spelling } from '../kit/http-row.ts';

/** The one error document (printerlynx §2.1): `status` is code and reason as text, `message` is for people. */
export function errorAnswer(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: { status: `${status} ${STATUS_CODES[status] ?? 'Error'}`, message } };
}

const codes = Object.fromEntries(Object.entries(errors).map(([code, { status }]) => [code, status])) as Record<ErrorCode, number>;

export const spelling: Spelling = {
  codes,
  refusal: ({ code, detail, afterMs }) => {
    const wait = afterMs === undefined ? {} : { 'retry-after': String(Math.ceil(afterMs / 1_000)) };
    if (code === 'unauthenticated') return errorAnswer(401, 'Invalid token');
    if (code === 'internal') return errorAnswer(500, 'Something went wrong, please try again');
    return errorAnswer(codes[code], detail, wait);
  },
};

import { type ErrorCode, errors } from '../../domain/errors.ts';
import type { Spelling } from '../kit/http-row.ts';

/** Statuses are our own ones: the reference says 500 to every fault of a body, and its clients look at the phrase only (dnaforge §2). */
const codes = Object.fromEntries(Object.entries(errors).map(([code, { status }]) => [code, status])) as Record<ErrorCode, number>;

const phraseLength = 200;

/**
 * What a client shows to its user (dnaforge §2): the reason phrase, in ASCII, because more does not fit into a status line. The
 * names of some options have other letters.
 */
export function phraseOf(text: string): string {
  const plain = text
    .replaceAll('\u0394', 'Delta ')
    .replaceAll('\u00b0', 'degrees ')
    .replaceAll(/[\u2018\u2019]/g, "'");
  return plain
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, phraseLength);
}

export const spelling: Spelling = {
  codes,
  refusal: ({ code, detail }) => {
    const status = codes[code];
    // A wrong token is answered by a status alone; an error of ours as the reference spells its own.
    if (code === 'unauthenticated') return { status, headers: { 'content-length': '0' } };
    if (code === 'internal') return { status, phrase: 'Internal Server Error', body: `500: ${detail}` };
    return { status, phrase: phraseOf(detail), body: detail };
  },
};

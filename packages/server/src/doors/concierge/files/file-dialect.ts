import { type ErrorCode, errors } from '../../../domain/errors.ts';
import type { HttpDialect } from '../../kit/http-row.ts';
import { nobody } from '../../kit/row-request.ts';
import type { Desk } from '../desk.ts';
import { type FileKeyRule, keyFaults, keyHolder } from './file-keys.ts';

/** Statuses are our own ones but for faults of the key; bodies are one line of plain text. */
const codes = Object.fromEntries(Object.entries(errors).map(([code, { status }]) => [code, status])) as Record<ErrorCode, number>;

export function fileDialect(desk: Desk, rule: FileKeyRule): HttpDialect {
  return {
    spelling: {
      codes,
      refusal: ({ code, detail, at }) => {
        const fault = at !== undefined && at in keyFaults ? keyFaults[at as keyof typeof keyFaults] : undefined;
        return { status: fault ?? codes[code], body: `${detail}\n` };
      },
    },
    // The pages in front of it are for everybody.
    authenticate: (credentials, row) => (row.path.startsWith('/fs/') ? keyHolder(desk, rule, credentials) : { value: nobody }),
  };
}

import type { Static, TSchema } from 'typebox';
import type { Refusal, Result } from '../../domain/errors.ts';
import type { Answer, HttpRow, RowRequest } from '../kit/http-row.ts';
import type { ApiContext } from './context.ts';
import { problemAnswer } from './problem.ts';

type Typed<S> = S extends TSchema ? Static<S> : Record<string, never>;

/** A request with the types that its row's schemas give. */
export type ApiRequest<P, Q, B> = Omit<RowRequest, 'params' | 'query' | 'body'> & {
  readonly params: Typed<P>;
  readonly query: Typed<Q>;
  readonly body: Typed<B>;
};

type Optionals = 'parser' | 'bodyLimit' | 'cors' | 'params' | 'query' | 'body' | 'handle';

export type ApiRow<P, Q, B> = Omit<HttpRow, Optionals> & {
  readonly parser?: HttpRow['parser'];
  readonly bodyLimit?: number;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  handle(request: ApiRequest<P, Q, B>): Promise<Answer> | Answer;
};

export type DefineRow = <
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
>(
  row: ApiRow<P, Q, B>,
) => HttpRow;

/** Fills in what all rows of this door share. A row with a body schema takes JSON. */
export function rowDefiner(context: ApiContext): DefineRow {
  const { smallBytes } = context.limits;
  const origins = context.allowedOrigins ?? [];
  const cors = origins.length === 0 ? null : { origins, headers: asked, exposed };
  return (row) =>
    ({
      parser: row.body === undefined ? 'none' : 'json',
      bodyLimit: smallBytes,
      cors,
      ...row,
    }) as HttpRow;
}

const asked = ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'range'];
const exposed = ['location', 'idempotent-replayed', 'x-log-length', 'x-log-attempt', 'x-live-at', 'content-range'];

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const done: Answer = { status: 204 };

/** 200 with the view of a value, or the problem. */
export function shown<T>(result: Result<T>, view: (value: T) => unknown): Answer {
  return result.refusal === undefined ? ok(view(result.value)) : problemAnswer(result.refusal);
}

export const refused = (refusal: Refusal): Answer => problemAnswer(refusal);

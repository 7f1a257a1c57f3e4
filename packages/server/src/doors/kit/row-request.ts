import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Principal } from '../../domain/principal.ts';
import { addressOf } from './connection-caps.ts';
import type { RowRequest } from './http-row.ts';

type Texts = Readonly<Record<string, string | undefined>>;

/** What a row sees, filled step by step. A class only because `signal` is made on demand: most rows never ask. */
export class Asked implements RowRequest {
  readonly headers: Texts;
  readonly remote: string;
  readonly secure: boolean;
  readonly url: string;
  readonly head: boolean;
  by: Principal;
  params: Readonly<Record<string, unknown>>;
  query: Readonly<Record<string, unknown>>;
  target: unknown = undefined;
  body: unknown = undefined;
  stream: Readable | null = null;
  readonly #response: ServerResponse;
  #signal: AbortSignal | null = null;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, unknown>>,
    query: Readonly<Record<string, unknown>>,
  ) {
    // Only `set-cookie` may be a list, and that is no request's header.
    this.headers = request.headers as Texts;
    this.remote = addressOf(request.socket);
    this.secure = 'encrypted' in request.socket;
    this.url = request.url ?? '/';
    this.head = request.method === 'HEAD';
    this.by = nobody;
    this.params = params;
    this.query = query;
    this.#response = response;
  }

  get signal(): AbortSignal {
    if (this.#signal !== null) return this.#signal;
    const controller = new AbortController();
    this.#signal = controller.signal;
    if (this.#response.destroyed) controller.abort();
    else this.#response.once('close', () => controller.abort());
    return this.#signal;
  }
}

/** Whoever has not said who it is, at rows that ask for no right. */
export const nobody: Principal = { id: 'nobody', name: 'nobody', rights: [], scope: 'own', kinds: null };

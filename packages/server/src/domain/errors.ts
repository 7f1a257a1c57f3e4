/** What the client should do. `never`: the same request fails again. `later`: it may succeed. `fresh`: read anew first. */
export type RetryAdvice = 'never' | 'later' | 'fresh';

export interface ErrorRow {
  readonly status: number;
  readonly title: string;
  readonly retry: RetryAdvice;
}

/** Every refusal of the whole product. Doors map each code by a `Record` over `ErrorCode`, so that a new one cannot be forgotten. */
export const errors = {
  malformed: { status: 400, title: 'The request does not have the expected form', retry: 'never' },
  unknown_field: { status: 400, title: 'The request names a field that does not exist', retry: 'never' },
  too_large: { status: 413, title: 'The request is larger than the limit', retry: 'never' },
  too_many: { status: 429, title: 'Too many requests', retry: 'later' },
  unauthenticated: { status: 401, title: 'A valid token is needed', retry: 'never' },
  forbidden: { status: 403, title: 'This token does not allow that', retry: 'never' },
  foreign_origin: { status: 403, title: 'Requests from this web page or host name are not allowed', retry: 'never' },
  not_found: { status: 404, title: 'There is no such thing', retry: 'never' },
  method: { status: 405, title: 'This address does not answer that method', retry: 'never' },
  gone: { status: 410, title: 'It has been deleted', retry: 'never' },
  conflict: { status: 409, title: 'It changed meanwhile', retry: 'fresh' },
  wrong_state: { status: 409, title: 'That is not possible in the present state', retry: 'fresh' },
  running: { status: 409, title: 'It has started: ask for kill to stop it', retry: 'never' },
  stale: { status: 409, title: 'This attempt is not held by this worker any more', retry: 'never' },
  void_offer: { status: 409, title: 'This offer does not stand any more', retry: 'never' },
  key_reused: { status: 422, title: 'The idempotency key was used for another request', retry: 'never' },
  cycle: { status: 422, title: 'The tasks depend on each other in a circle', retry: 'never' },
  unknown_parent: { status: 422, title: 'A task depends on something that does not exist', retry: 'never' },
  unknown_kind: { status: 422, title: 'There is no such kind of job', retry: 'never' },
  unknown_pool: { status: 422, title: 'There is no such pool', retry: 'never' },
  impossible: { status: 422, title: 'It could never run', retry: 'never' },
  invalid: { status: 422, title: 'A value is not acceptable', retry: 'never' },
  worker_unavailable: { status: 409, title: 'The worker cannot start it now', retry: 'later' },
  unsupported: { status: 422, title: 'The worker cannot do that', retry: 'never' },
  not_ready: { status: 503, title: 'The server is starting or stopping', retry: 'later' },
  storage: { status: 507, title: 'The server could not store it (disk full or failing)', retry: 'later' },
  timeout: { status: 504, title: 'It took too long', retry: 'later' },
  internal: { status: 500, title: 'Internal error', retry: 'later' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errors;

/** A refusal is a value, never thrown across rooms. `detail` is one sentence for people that names the culprit and the way out. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  /** JSON pointer into the request, or a path of names (a cycle: `a -> b -> a`). */
  readonly at?: string;
  /** When it may be tried again, from now. */
  readonly afterMs?: number;
}

export function refuse(code: ErrorCode, detail: string, at?: string, afterMs?: number): { refusal: Refusal } {
  const refusal = at === undefined ? { code, detail } : { code, detail, at };
  return { refusal: afterMs === undefined ? refusal : { ...refusal, afterMs } };
}

export type Result<T> =
  | { readonly value: T; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly value?: undefined };

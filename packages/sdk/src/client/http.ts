import type { Problem } from '../problem.ts';
import { ApiError, ServerUnreachable, strangeAnswer } from './errors.ts';

export interface HttpOptions {
  /** `http://127.0.0.1:8080`. A path in it stays in front of every address. */
  readonly server: string;
  /** Bearer token; absent for a server's open parts. */
  readonly token?: string | undefined;
  /** Sent with every request: pages that are signed in by a cookie say `X-Switchyard-CSRF` here. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** How reconnecting readers wait; for tests. */
  readonly wait?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A plain value goes as JSON. */
  readonly json?: unknown;
  readonly body?: Uploadable;
  readonly signal?: AbortSignal | undefined;
}

/** What may be uploaded as it is. */
export type Uploadable = Uint8Array | string | Blob | ReadableStream<Uint8Array>;

/** One server, one credential: where every request of the client goes through. */
export interface Http {
  readonly server: string;
  /** The answer with its body unread; a refusal is thrown as `ApiError`, no answer as `ServerUnreachable`. */
  raw(path: string, call?: Call): Promise<Response>;
  /** The answer's JSON. */
  json<T>(path: string, call?: Call): Promise<T>;
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export function createHttp(options: HttpOptions): Http {
  const server = options.server.replace(/\/+$/, '');
  const send = options.fetch ?? fetch;
  async function raw(path: string, call: Call = {}): Promise<Response> {
    const response = await answered(server, call.signal, () => send(server + path, requestOf(call, options)));
    if (response.ok) return response;
    throw new ApiError(await problemOf(response));
  }
  return {
    server,
    raw,
    json: async <T>(path: string, call: Call = {}) => {
      const response = await raw(path, call);
      return answered(server, call.signal, () => response.json() as Promise<T>);
    },
    wait: options.wait ?? sleep,
  };
}

function requestOf(call: Call, { token, headers: always }: HttpOptions): RequestInit {
  const headers: Record<string, string> = { ...always, ...call.headers };
  if (token !== undefined && token !== '') headers.authorization = `Bearer ${token}`;
  const init: RequestInit & { duplex?: 'half' } = { method: call.method ?? 'GET', headers };
  if (call.signal !== undefined) init.signal = call.signal;
  if (call.json !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(call.json);
  } else if (call.body !== undefined) {
    headers['content-type'] ??= 'application/octet-stream';
    init.body = call.body as NonNullable<RequestInit['body']>;
    if (call.body instanceof ReadableStream) init.duplex = 'half';
  }
  return init;
}

/** Whatever goes wrong on the way is an unreachable server, except that the caller's own abort stays what it is. */
async function answered<T>(server: string, signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new ServerUnreachable(server, error);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  try {
    const value: unknown = JSON.parse(text);
    if (isProblem(value)) return value;
  } catch {
    // Not JSON: said below.
  }
  return strangeAnswer(response.status, text === '' ? response.statusText : text);
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { code, title, detail, status } = value as Partial<Record<keyof Problem, unknown>>;
  return typeof code === 'string' && typeof title === 'string' && typeof detail === 'string' && typeof status === 'number';
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

import type { Readable } from 'node:stream';
import type { TSchema } from 'typebox';
import type { ErrorCode, Refusal, Result } from '../../domain/errors.ts';
import type { Principal, Right } from '../../domain/principal.ts';

/**
 * One row of an HTTP door. Order of a request in every row: limits -> authenticate -> find the target -> body -> command ->
 * answer. The kit makes OPTIONS, CORS (on errors too) and 405 from the rows.
 */
export interface HttpRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify pattern: `/v1/jobs/:id`. */
  readonly path: string;
  /** For OpenAPI and for people, one sentence. */
  readonly summary: string;
  /** The right asked for; null: anybody (then say why in a comment). */
  readonly right: Right | null;
  /** Asked by people who have no credential yet (signing in). For doors whose other rows without a right want to know who asks. */
  readonly open?: boolean;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** By status: what is answered. Null: no body, or one that is not JSON. Tests check every answer against it. */
  readonly answers?: Readonly<Record<number, TSchema | null>>;
  readonly parser: BodyParser;
  /** Bytes. */
  readonly bodyLimit: number;
  /** How much of a refused body is read all the same, so that a peer which says everything first gets its answer. Absent: a little. */
  readonly discard?: { readonly bytes: number; readonly ms: number };
  readonly cors: CorsRule | null;
  readonly tags?: readonly string[];
  /** Request headers that it looks at, for OpenAPI: name -> sentence. */
  readonly reads?: Readonly<Record<string, string>>;
  /** It may take long on purpose (long poll, stream): never reported as slow. */
  readonly lasting?: boolean;
  /** Finds what the address names, before the body is read; what it gives is `request.target`. */
  target?(request: RowRequest): Promise<Result<unknown>> | Result<unknown>;
  handle(request: RowRequest): Promise<Answer> | Answer;
}

/** `json` takes an empty body for `{}`; `stream` hands the bytes on as they come; `text` and `bytes` give all of it. */
export type BodyParser = 'none' | 'json' | 'text' | 'stream' | 'bytes';

export interface CorsRule {
  /** Named ones, or those that fit a rule of the door. */
  readonly origins: 'any' | readonly string[] | ((origin: string) => boolean);
  /** Request headers that pages may send; `asked`: whichever they ask for. */
  readonly headers: readonly string[] | 'asked';
  /** Status of the answer to the question before (`OPTIONS`); default 204. `bare`: when it is no such question. */
  readonly preflight?: { readonly status: number; readonly bare: number };
  /** With `any`: the origin is named instead of `*`. */
  readonly named?: boolean;
  readonly exposed?: readonly string[];
  readonly credentials?: boolean;
  readonly privateNetwork?: boolean;
}

export interface RowRequest {
  readonly by: Principal;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly target: unknown;
  readonly body: unknown;
  readonly stream: Readable | null;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remote: string;
  /** It came by TLS. */
  readonly secure: boolean;
  /** As it came, not decoded: `/a%2Fb?c`. */
  readonly url: string;
  /** A HEAD request: the same headers are wanted, the body is not sent. */
  readonly head: boolean;
  /** Ends when the peer went away. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** Reason phrase, where a protocol's clients look at it. */
  readonly phrase?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON, `RawJson` too; text, bytes and streams go as they are. */
  readonly body?: unknown;
}

/** What an HTTP door adds to its rows. */
export interface HttpDialect {
  readonly spelling: Spelling;
  /** Who asks. `row.right` is checked by the kit afterwards. `credentials` hold headers and query, not the body. */
  authenticate(credentials: Credentials, row: HttpRow): Promise<Result<Principal>> | Result<Principal>;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly remote: string;
  readonly secure: boolean;
}

/** How a door spells refusals. Each door maps every code: a new code does not compile until all doors have it. */
export interface Spelling {
  refusal(refusal: Refusal, request: { path: string }): Answer;
  readonly codes: Readonly<Record<ErrorCode, number | string>>;
}

import { hashOf, matches } from '../../auth/token-text.ts';
import { type Refusal, type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import { addressRule, loopback } from '../kit/addresses.ts';
import type { Authenticator } from '../kit/door.ts';
import type { Credentials, HttpDialect, HttpRow } from '../kit/http-row.ts';
import { nobody } from '../kit/row-request.ts';
import { spelling } from './codes.ts';
import { type Desk, principalOf, type Visitor } from './desk.ts';
import { isSameOrigin } from './origins.ts';

export interface GateOptions {
  /** Null: anybody is let in (dnaforge §1.2). */
  readonly accessToken: string | null;
  /** Without a token: whether clients of other machines may come in. */
  readonly open: boolean;
  readonly origins: (origin: string) => boolean;
}

export const authPath = '/auth';

/** Who may come in: by page, by address, with the access token for a token of its own, and with that one from then on. */
export class Gate {
  readonly #options: GateOptions;
  readonly #auth: Authenticator;
  readonly #hash: string | null;
  readonly #isLocal = addressRule(loopback);

  constructor(options: GateOptions, auth: Authenticator) {
    this.#options = options;
    this.#auth = auth;
    this.#hash = options.accessToken === null ? null : hashOf(options.accessToken.trim());
  }

  /** Why this page or machine is turned away; null: it is not. */
  stranger(headers: Credentials['headers'], remote: string): Refusal | null {
    const { origin, host } = headers;
    if (origin !== undefined && !this.#options.origins(origin) && !isSameOrigin(origin, host)) {
      return refuse('foreign_origin', `Pages of ${origin.slice(0, 100)} may not use this server: see dnaforge.origins`).refusal;
    }
    if (this.#hash !== null || this.#options.open || this.#isLocal(remote)) return null;
    return refuse('forbidden', 'Set dnaforge.access-token, or start the server with --open dnaforge').refusal;
  }

  /** The access token, trimmed as the reference does. */
  admits({ headers, remote }: Pick<Credentials, 'headers' | 'remote'>): Refusal | null {
    if (this.#hash === null) return null;
    if (this.#auth.throttled(remote)) return refuse('too_many', 'Too many wrong tokens; wait a minute').refusal;
    const given = (headers.authorization ?? '').trim();
    if (matches(given, this.#hash)) return null;
    if (!noGuess.includes(given)) this.#auth.failed(remote);
    return wrongToken.refusal;
  }

  dialect(desk: Pick<Desk, 'visitors'>): HttpDialect {
    return { spelling, authenticate: (credentials, row) => this.#authenticate(desk, credentials, row) };
  }

  #authenticate({ visitors }: Pick<Desk, 'visitors'>, credentials: Credentials, row: HttpRow): Result<Principal> {
    const { headers, remote } = credentials;
    const turnedAway = this.stranger(headers, remote);
    if (turnedAway !== null) return { refusal: turnedAway };
    if (row.path === authPath) {
      const refusal = this.admits(credentials);
      return refusal === null ? { value: nobody } : { refusal };
    }
    const visitor = visitors.find(headers.authorization ?? '');
    return visitor === null ? wrongToken : { value: asPrincipal(visitor) };
  }
}

/** The editor asks without a token first, to see whether one is needed; what it then sends is the word (dnaforge §1.2). */
const noGuess: readonly string[] = ['', 'null'];

const wrongToken = refuse('unauthenticated', 'A valid token is needed');

/** A principal that remembers whose it is: rows need the visitor too. */
export interface VisitorPrincipal extends Principal {
  readonly visitor: Visitor;
}

const asPrincipal = (visitor: Visitor): VisitorPrincipal => ({ ...principalOf(visitor), visitor });

export function visitorOf(by: Principal): Visitor {
  if (!('visitor' in by)) throw new Error('this row is for visitors');
  return (by as VisitorPrincipal).visitor;
}

import { type ErrorCode, errors, type Refusal, type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Authenticator } from '../kit/door.ts';
import type { Answer, Credentials, HttpDialect, HttpRow, Spelling } from '../kit/http-row.ts';
import { whoAsks } from '../kit/login.ts';
import { nobody } from '../kit/row-request.ts';
import type { FlamencoSettings } from './desk.ts';
import type { Fleet } from './fleet.ts';
import { readHexId } from './ids.ts';
import type { FlamencoLimits } from './limits.ts';
import { isSecret } from './secrets.ts';

export type Login = 'open' | 'worker' | 'user';

const codes: Record<ErrorCode, number> = {
  ...(Object.fromEntries(Object.entries(errors).map(([code, { status }]) => [code, status])) as Record<ErrorCode, number>),
  // A worker that gets 403 gives up and ends; with any other code it tries again while somebody names the host (--public-host).
  foreign_origin: 421,
  invalid: 400,
  wrong_state: 400,
  unknown_field: 400,
};

/** Bodies are small JSON objects, always: some other text would end a worker's may-i-run service for good (flamenco §8 B1). */
export const spelling: Spelling = {
  codes,
  refusal: (refusal, { path }) => (path.startsWith('/may-i-run') ? mayKeepRunning(refusal) : plain(refusal)),
};

function plain({ code, detail }: Refusal): Answer {
  const realm = code === 'unauthenticated' ? { headers: { 'www-authenticate': 'Basic realm="Flamenco Manager", Bearer' } } : {};
  return { status: codes[code], ...realm, body: { error: detail, code } };
}

/** Who is not known must stop; trouble of ours is no reason to stop anybody. */
function mayKeepRunning({ code, detail }: Refusal): Answer {
  if (code === 'unauthenticated') return { status: 401, body: { may_keep_running: false, reason: detail } };
  return { status: codes[code], body: { may_keep_running: true } };
}

export interface DialectDeps {
  readonly auth: Authenticator;
  readonly fleet: Fleet;
  readonly settings: Pick<FlamencoSettings, 'salt'>;
  readonly limits: FlamencoLimits;
  readonly loginOf: (row: HttpRow) => Login;
}

export function flamencoDialect(deps: DialectDeps): HttpDialect {
  return {
    spelling,
    authenticate: (credentials, row) => {
      const login = deps.loginOf(row);
      if (login === 'open') return { value: nobody };
      if (login === 'worker') return worker(deps, credentials);
      // Credentials of workers open nothing here, and the other way round (flamenco §1).
      return whoAsks(deps.auth, credentials, row.method !== 'GET');
    },
  };
}

const wrong = refuse('unauthenticated', 'This worker is not known here, or its secret is another one');

/** HTTP Basic: the worker's id and the secret that it invented. */
function worker({ fleet, settings, limits }: DialectDeps, { headers }: Credentials): Result<Principal> {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,1000}) *$/i.exec(headers.authorization ?? '')?.[1];
  const [id = '', secret = ''] = split(Buffer.from(encoded ?? '', 'base64').toString('utf8'));
  const known = fleet.get(readHexId('worker', id));
  // Looked at in any case: whether there is such a worker must not be told by the time that it takes.
  const right = isSecret(settings.salt, secret.slice(0, limits.secretMax), known?.secretHash ?? null);
  return known !== null && right ? { value: known.principal } : wrong;
}

function split(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

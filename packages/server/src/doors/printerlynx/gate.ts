import type { AccountIdentity, Accounts } from '../../auth/accounts.ts';
import { type Agent, agentPrincipal } from '../../auth/agents.ts';
import { type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Authenticator } from '../kit/door.ts';
import type { Credentials, HttpDialect, HttpRow } from '../kit/http-row.ts';
import { nobody } from '../kit/row-request.ts';
import { spelling } from './codes.ts';
import type { Desk } from './desk.ts';

/** Kinds of tasks that printers run. */
export const printKinds = ['print'] as const;

/** A principal that remembers how it proved itself: rows need the account or the agent too. */
interface Known extends Principal {
  readonly identity?: AccountIdentity;
  readonly agent?: Agent;
}

export interface GateDeps extends Pick<Desk, 'agentBy'> {
  readonly accounts: Accounts;
  readonly auth: Authenticator;
}

/** Users by JWT; agents by their token where a row says so (printerlynx §1.6, §5.2). */
export function gateOf({ accounts, agentBy, auth }: GateDeps, agentRows: ReadonlySet<HttpRow['path']>): HttpDialect {
  async function authenticate({ headers, remote }: Credentials, row: HttpRow): Promise<Result<Principal>> {
    if (row.open === true) return { value: nobody };
    const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return noToken;
    const identity = await accounts.verify(token);
    if (identity !== null) return known({ ...identity.principal, identity });
    const agent = row.method === 'GET' && agentRows.has(row.path) ? await agentBy(token) : null;
    if (agent !== null) return known({ ...agentPrincipal(agent, printKinds), agent });
    if (auth.throttled(remote)) return refuse('too_many', 'Too many wrong tokens; wait a minute', undefined, 60_000);
    auth.failed(remote);
    return noToken;
  }
  return { spelling, authenticate };
}

const known = (value: Known): Result<Principal> => ({ value });

const noToken = refuse('unauthenticated', 'Invalid token');

/** Whose request this is; a bug where the row lets others in. */
export function identityOf(by: Principal): AccountIdentity {
  const { identity } = by as Known;
  if (identity === undefined) throw new Error('this row is for accounts');
  return identity;
}

export const agentOf = (by: Principal): Agent | null => (by as Known).agent ?? null;

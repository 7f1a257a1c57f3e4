import type { Principal } from '../domain/principal.ts';
import type { Accounts } from './accounts.ts';
import { looksLikeJwt } from './jwt.ts';
import type { FailureLimit } from './rate-limit.ts';
import { parseSession } from './session-list.ts';
import type { Tokens } from './tokens.ts';

/** Who stands behind a credential, as the doors ask it. */
export interface Authenticator {
  /** A token, a session of a token or an account, or a JWT of an account. */
  token(token: string, remote: string): Promise<Principal | null>;
  /** True while this address has failed too often. */
  throttled(remote: string): boolean;
  failed(remote: string): void;
}

export function createAuthenticator(tokens: Tokens, failures: FailureLimit, accounts: Accounts): Authenticator {
  async function session(text: string): Promise<Principal | null> {
    const parsed = parseSession(text);
    if (parsed === null || 'account' in parsed.holder) return (await accounts.verify(text))?.principal ?? null;
    return (await tokens.session({ ...parsed, holder: parsed.holder }))?.principal ?? null;
  }

  return {
    // Tokens are what nearly all requests come with: nothing stands before them.
    token: (text) => (text.startsWith('sws_') || looksLikeJwt(text) ? session(text) : tokens.authenticate(text)),
    throttled: (remote) => failures.wait(remote) > 0,
    failed: (remote) => failures.failed(remote),
  };
}

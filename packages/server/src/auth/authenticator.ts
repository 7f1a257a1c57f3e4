import type { Principal } from '../domain/principal.ts';
import type { FailureLimit } from './rate-limit.ts';
import type { Tokens } from './tokens.ts';

/** Who stands behind a credential, as the doors ask it. */
export interface Authenticator {
  token(token: string, remote: string): Promise<Principal | null>;
  /** True while this address has failed too often. */
  throttled(remote: string): boolean;
  failed(remote: string): void;
}

export function createAuthenticator(tokens: Tokens, failures: FailureLimit): Authenticator {
  return {
    token: (token) => tokens.authenticate(token),
    throttled: (remote) => failures.wait(remote) > 0,
    failed: (remote) => failures.failed(remote),
  };
}

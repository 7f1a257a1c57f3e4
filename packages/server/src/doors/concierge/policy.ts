import { createHash, timingSafeEqual } from 'node:crypto';
import type { Client } from '../../hub/member.ts';
import { type AddressRule, addressRule } from '../kit/addresses.ts';

/** What may be kept for the trusted: those who gave the secret, and those at named addresses. */
export const actions = ['create', 'subscribe', 'name', 'uuid', 'service', 'service-client', 'all'] as const;
export type Action = (typeof actions)[number];

export interface PolicyOptions {
  /** Null: none is asked for, and one that is sent is ignored. */
  readonly secret: string | null;
  /** Addresses and networks that need not give it: no real client of the time can (concierge §2). */
  readonly secretExempt: readonly string[];
  /** Addresses and networks that count as trusted without the secret. */
  readonly trusted: readonly string[];
  /** Only the trusted may do these. */
  readonly trustedOnly: readonly Action[];
  /** Names of clients and services that only the trusted may have. */
  readonly reserved: readonly string[];
}

export interface Policy {
  readonly secretFits: ((given: string | null) => boolean) | null;
  mustProve(address: string): boolean;
  trusts(address: string, proven: boolean): boolean;
  /** Whether a client or service of this name may be had. */
  mayHave(name: string, trusted: boolean): boolean;
  may(action: Action, trusted: boolean): boolean;
}

/** What is known of a client beside what others may see. */
export interface Standing {
  readonly client: Client;
  readonly trusted: boolean;
  readonly address: string;
}

export function createPolicy(options: PolicyOptions): Policy {
  const exempt: AddressRule = addressRule(options.secretExempt);
  const trusted: AddressRule = addressRule(options.trusted);
  const kept = new Set(options.trustedOnly);
  const reserved = new Set(options.reserved);
  const { secret } = options;
  const wanted = secret === null ? null : digest(secret);
  return {
    // Digests are of one length, so that the comparison takes the same time for every guess.
    secretFits: wanted === null ? null : (given) => given !== null && timingSafeEqual(digest(given), wanted),
    mustProve: (address) => !exempt(address),
    trusts: (address, proven) => proven || trusted(address),
    mayHave: (name, isTrusted) => isTrusted || !reserved.has(name),
    may: (action, isTrusted) => isTrusted || !kept.has(action),
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

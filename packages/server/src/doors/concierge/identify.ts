import { compileCheck } from '@switchyard/sdk/check.ts';
import { because, type Close, closeCodes } from './codes.ts';
import { faultText, readPayload } from './decode.ts';
import { Identify } from './messages.ts';
import { versionFits } from './version.ts';

/** Who somebody says to be, in our words. */
export interface Introduction {
  readonly name: string;
  readonly nickname: string | null;
  readonly tags: readonly string[];
  /** What was given beside, for extensions; unchecked. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** It knew the secret (there is one). */
  readonly proven: boolean;
}

export interface IdentifyRules {
  /** Null: there is no secret, and whatever is sent is ignored. */
  readonly secretFits: ((given: string | null) => boolean) | null;
  /** Whether this address must give the secret. */
  readonly mustProve: boolean;
  /** Names that only the proven may have. */
  readonly mayHave: (name: string, proven: boolean) => boolean;
}

const check = compileCheck(Identify);
const namePattern = /^[\p{Alphabetic}\p{N}_]{1,128}$/u;

/** The first text frame: decode, name, secret, version, in this order (concierge §2). Whether the name is free is not asked here. */
export function readIntroduction(frame: string, rules: IdentifyRules): Introduction | Close {
  const payload = readPayload(frame);
  if (typeof payload === 'string') return because(closeCodes.fatalDecode, payload);
  if (payload.type !== 'IDENTIFY') return closeCodes.noAuth;
  const fault = check(payload.fields);
  if (fault !== null) return because(closeCodes.fatalDecode, faultText(fault));
  const { name, nickname = null, version, secret = null, tags } = payload.fields as unknown as Identify;
  if (!namePattern.test(name)) return closeCodes.badAuth;
  const proven = rules.secretFits?.((secret as string | null) ?? null) ?? false;
  if (rules.secretFits !== null && rules.mustProve && !proven) return closeCodes.badSecret;
  if (!rules.mayHave(name, proven)) return because(closeCodes.badSecret, 'This name is reserved');
  if (!versionFits(version)) return closeCodes.badVersion;
  return { name, nickname: nickname as string | null, tags: (tags as string[] | null) ?? [], fields: payload.fields, proven };
}

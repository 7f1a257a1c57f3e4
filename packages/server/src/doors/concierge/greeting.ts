import type { FirstFrameClaim, FirstFrames } from '../kit/first-frames.ts';
import { type Close, closeCodes } from './codes.ts';
import type { Desk } from './desk.ts';
import { type Introduction, readIntroduction } from './identify.ts';

export interface Greeting {
  readonly frame: string;
  readonly address: string;
  /** It asked for a sub-protocol: then it is certainly ours. */
  readonly named: boolean;
}

/** What the first text frame is: another door's, an introduction, or why it is none. */
export function readGreeting(
  desk: Desk,
  others: FirstFrames,
  { frame, address, named }: Greeting,
): FirstFrameClaim | Introduction | Close {
  const { policy, limits } = desk;
  if (!named) {
    if (frame.length > limits.firstFrameBytes) return closeCodes.fatalDecode;
    const claimant = others.claimant(jsonOf(frame));
    if (claimant !== null) return claimant;
  }
  return readIntroduction(frame, {
    secretFits: policy.secretFits,
    mustProve: policy.mustProve(address),
    mayHave: (name, proven) => policy.mayHave(name, policy.trusts(address, proven)),
  });
}

/** Whatever it is: others' frames need not look like ours. Undefined: it is no JSON. */
function jsonOf(frame: string): unknown {
  try {
    return JSON.parse(frame);
  } catch {
    return undefined;
  }
}

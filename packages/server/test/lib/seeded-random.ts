import { createHash } from 'node:crypto';
import type { Random } from '../../src/ports/clock.ts';

export interface SeededRandom extends Random {
  /** Whole number, 0 ≤ n < below. */
  below(below: number): number;
  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** The same seed gives the same sequence on every machine: SHA-256 of seed and counter, so that secrets look real too. */
export function createSeededRandom(seed: number | string): SeededRandom {
  let counter = 0;

  function bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256').update(`${seed}:${counter++}`).digest();
      out.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return out;
  }
  const dice = (): number => Buffer.from(bytes(4)).readUInt32BE(0) / 2 ** 32;
  const below = (limit: number): number => Math.floor(dice() * limit);

  return {
    bytes,
    dice,
    below,
    pick: (list) => list[below(list.length)]!,
    secret: (length) => Buffer.from(bytes(length)).toString('base64url'),
    uuid() {
      const raw = Buffer.from(bytes(16));
      raw[6] = (raw[6]! & 0x0f) | 0x40;
      raw[8] = (raw[8]! & 0x3f) | 0x80;
      return raw.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}

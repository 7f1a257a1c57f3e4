import { isUtf8 } from 'node:buffer';
import type { Frame } from './frames.ts';

/** One variant of an externally tagged enum (kueue §2.1): `"Bye"` is `{ name: 'Bye', body: null }`. */
export interface Variant {
  readonly name: string;
  readonly body: unknown;
}

/**
 * A whole value to its variant, as strict as the real peers' parser where that matters: UTF-8, no doubled keys, no lone
 * surrogates, integers spelled as integers. Null: malformed. Integers above 2^53 - 1 come out rounded (and thus unsafe).
 */
export function decodeFrame(frame: Frame): Variant | null {
  if (!isUtf8(frame.bytes)) return null;
  const text = frame.bytes.toString('utf8');
  const value = parse(text, frame.odd);
  if (typeof value === 'string') return { name: value, body: null };
  if (typeof value !== 'object' || value === null) return null;
  if (countKeys(value) !== frame.colons) return null;
  if (loneSurrogate.test(text) && !wellFormed(value)) return null;
  const names = Object.keys(value);
  const name = names[0];
  if (name === undefined || names.length > 1) return null;
  return { name, body: (value as Record<string, unknown>)[name] };
}

/** Only an escape can bring one in: the bytes are UTF-8. */
const loneSurrogate = /\\u[dD][89a-fA-F]/;

function parse(text: string, odd: boolean): unknown {
  try {
    return odd ? JSON.parse(text, strictNumber as Reviver) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

/** The only fields of the protocol that are not integers (kueue §2.2, LoadInfo). */
const floats: ReadonlySet<string> = new Set(['one', 'five', 'fifteen']);
const integer = /^(?:0|-?[1-9][0-9]*)$/;
const u64Max = 18_446_744_073_709_551_615n;
const i64Min = -9_223_372_036_854_775_808n;

/** `7.0`, `7e0` and `-0` are no integers to the peers, nor is what leaves 64 bits: null in their place is refused by every schema. */
function strictNumber(this: unknown, key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined || floats.has(key)) return value;
  if (!integer.test(context.source)) return null;
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(context.source);
  return exact > u64Max || exact < i64Min ? null : value;
}

/** Doubled keys leave fewer keys than the text has colons. */
function countKeys(value: object): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) count += countKeys(item);
    return count;
  }
  for (const key of Object.keys(value)) {
    count++;
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null) count += countKeys(item);
  }
  return count;
}

function wellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(wellFormed);
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && wellFormed(item));
}

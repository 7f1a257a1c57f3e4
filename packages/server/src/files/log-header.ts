import { crc32 } from 'node:zlib';
import { type LogExtent, maxHoles } from './log-extent.ts';
import { headerBytes, type LogLayout } from './log-layout.ts';
import type { Span } from './spans.ts';

/**
 * The first 512 bytes of a log file, big endian: magic (8), head, tail, step, end (u64 each), holes (u32), CRC-32 of all the
 * rest (u32), then per hole from and to (u64 each). The layout stands here because the cap may be configured anew.
 */
export interface LogHeader {
  readonly layout: LogLayout;
  readonly extent: LogExtent;
}

const magic = Buffer.from('SWYLOG1\n');
const at = { head: 8, tail: 16, step: 24, end: 32, holes: 40, crc: 44, spans: 48 } as const;

export function encodeLogHeader({ layout, extent }: LogHeader): Uint8Array {
  if (extent.holes.length > maxHoles) throw new RangeError(`${extent.holes.length} holes do not fit`);
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  for (const name of ['head', 'tail', 'step'] as const) bytes.writeBigUInt64BE(BigInt(layout[name]), at[name]);
  bytes.writeBigUInt64BE(BigInt(extent.end), at.end);
  bytes.writeUInt32BE(extent.holes.length, at.holes);
  extent.holes.forEach((hole, i) => {
    bytes.writeBigUInt64BE(BigInt(hole.from), at.spans + 16 * i);
    bytes.writeBigUInt64BE(BigInt(hole.to), at.spans + 16 * i + 8);
  });
  bytes.writeUInt32BE(crc32(bytes), at.crc);
  return bytes;
}

/** Null: not a header of this version, or damaged. */
export function decodeLogHeader(from: Uint8Array): LogHeader | null {
  const bytes = Buffer.from(from);
  if (bytes.length !== headerBytes || !bytes.subarray(0, magic.length).equals(magic)) return null;
  const crc = bytes.readUInt32BE(at.crc);
  bytes.writeUInt32BE(0, at.crc);
  const count = bytes.readUInt32BE(at.holes);
  if (crc32(bytes) !== crc || count > maxHoles) return null;
  const number = (position: number): number => Number(bytes.readBigUInt64BE(position));
  const holes: Span[] = Array.from({ length: count }, (_, i) => ({
    from: number(at.spans + 16 * i),
    to: number(at.spans + 16 * i + 8),
  }));
  const layout = { head: number(at.head), tail: number(at.tail), step: number(at.step) };
  return { layout, extent: { end: number(at.end), holes } };
}

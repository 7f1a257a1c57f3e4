import { type LogLayout, overwrittenBelow } from './log-layout.ts';
import { atMost, type Span, without } from './spans.ts';

/** What of a log has been written. */
export interface LogExtent {
  /** One past the highest byte ever written. */
  readonly end: number;
  /** Bytes that the sender has lost: ordered, disjoint, at most `maxHoles`. */
  readonly holes: readonly Span[];
}

export const maxHoles = 28;
export const emptyExtent: LogExtent = { end: 0, holes: [] };
/** For a file that cannot be trusted: nothing of it is shown until it is written anew. */
export const unknownExtent: LogExtent = { end: 0, holes: [{ from: 0, to: Number.MAX_SAFE_INTEGER }] };

/** After a write of `from … to - 1`. What it jumps over is a hole; what it fills is none any more. */
export function extended(extent: LogExtent, layout: LogLayout, from: number, to: number): LogExtent {
  const end = Math.max(extent.end, to);
  const open = from > extent.end ? [...without(extent.holes, extent.end, from), { from: extent.end, to: from }] : extent.holes;
  const ordered = open === extent.holes ? open : [...open].sort((a, b) => a.from - b.from);
  // Holes where everything is cut anyway need not be remembered.
  const holes = without(without(ordered, from, to), layout.head, overwrittenBelow(layout, end));
  return { end, holes: atMost(maxHoles, holes) };
}

/** Spans of `from … to - 1` that can be shown of a log of committed `length`. */
export function shown(extent: LogExtent, layout: LogLayout, length: number, from: number, to: number): readonly Span[] {
  const asked = { from: Math.max(0, from), to: Math.min(to, length) };
  if (asked.from >= asked.to) return [];
  const cutTo = Math.max(length - layout.tail, overwrittenBelow(layout, Math.max(extent.end, length)));
  const kept = without([asked], layout.head, cutTo);
  return extent.holes.reduce((spans, hole) => without(spans, hole.from, hole.to), kept);
}

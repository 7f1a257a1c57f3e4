import type { Span } from './spans.ts';

/**
 * Where the bytes of a log lie in its file: a header, the head (the first half of the cap, byte by byte), then a ring in which
 * the tail goes round. The ring is two steps longer than the tail that is shown: one for rounding, one for bytes that are
 * written but not committed, which must not overwrite what is shown.
 */
export interface LogLayout {
  readonly head: number;
  readonly tail: number;
  /** What is overwritten next is given up in steps, so that the header needs a flush once per step and not once per write. */
  readonly step: number;
}

export const headerBytes = 512;
const longestStep = 65_536;

export function layoutOf(cap: number): LogLayout {
  if (!Number.isSafeInteger(cap) || cap < 2) throw new RangeError(`a log keeps at least 2 bytes, not ${cap}`);
  const head = Math.floor(cap / 2);
  const tail = cap - head;
  return { head, tail, step: Math.min(longestStep, Math.ceil(tail / 16)) };
}

export const ringOf = (layout: LogLayout): number => layout.tail + 2 * layout.step;

/** The largest that a file can become. */
export const largestFile = (layout: LogLayout): number => headerBytes + layout.head + ringOf(layout);

/** In a log that was written up to `end`, the ring holds nothing between the head and this offset. */
export function overwrittenBelow(layout: LogLayout, end: number): number {
  return Math.max(layout.head, Math.ceil(end / layout.step) * layout.step - ringOf(layout));
}

/** A piece of the file that holds consecutive bytes. */
export interface Piece {
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

/** The span cut where the head ends and where the ring begins anew. No longer than the ring behind the head. */
export function piecesOf(layout: LogLayout, span: Span): Piece[] {
  const pieces: Piece[] = [];
  const ring = ringOf(layout);
  for (let from = span.from; from < span.to; ) {
    const inHead = from < layout.head;
    const inRing = (from - layout.head) % ring;
    const room = inHead ? layout.head - from : ring - inRing;
    const to = Math.min(span.to, from + room);
    pieces.push({ position: headerBytes + (inHead ? from : layout.head + inRing), from, to });
    from = to;
  }
  return pieces;
}

/** Collects the pieces of one value. Doubles its room, so that a byte at a time costs no more than all at once. */
export interface Accumulator {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** What was collected so far; not written again after `clear`. */
  view(): Buffer;
  /** Forgets and gives the room back. */
  clear(): void;
}

const small = 1_024;
const none = Buffer.alloc(0);

export function createAccumulator(): Accumulator {
  let room = none;
  let length = 0;
  const grow = (needed: number): void => {
    const next = Buffer.allocUnsafeSlow(Math.max(small, needed, room.length * 2));
    room.copy(next, 0, 0, length);
    room = next;
  };
  return {
    get length() {
      return length;
    },
    add(piece) {
      if (length + piece.length > room.length) grow(length + piece.length);
      room.set(piece, length);
      length += piece.length;
    },
    view: () => room.subarray(0, length),
    clear() {
      // Whoever got the view may still read it: the room is not written again.
      room = none;
      length = 0;
    },
  };
}

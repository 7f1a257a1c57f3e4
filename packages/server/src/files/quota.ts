/** How many blobs and bytes there are, and how many bytes are on their way. Counted once at open, then kept. */
export interface Quota {
  /** Takes room for bytes on their way; false: there is none, and nothing is taken. */
  reserve(bytes: number): boolean;
  /** Gives back what was reserved. */
  release(bytes: number): void;
  /** What was reserved has become a blob. */
  keep(bytes: number): void;
  removed(bytes: number): void;
  readonly blobs: number;
  readonly bytes: number;
}

export function createQuota(limit: number, found: { blobs: number; bytes: number }): Quota {
  let { blobs, bytes } = found;
  let reserved = 0;
  return {
    reserve(more) {
      if (bytes + reserved + more > limit) return false;
      reserved += more;
      return true;
    },
    release(less) {
      reserved -= less;
    },
    keep(size) {
      reserved -= size;
      bytes += size;
      blobs += 1;
    },
    removed(size) {
      bytes -= size;
      blobs -= 1;
    },
    get blobs() {
      return blobs;
    },
    get bytes() {
      return bytes;
    },
  };
}

/** 64 KiB: what is larger goes by blob (B2). */
export const signalBytes = 65_536;

/** Throws on a value that is too large: a bug of the sender. Measuring anything but texts and bytes costs a serialisation. */
export function checkSignalSize(subject: string, value: unknown, strict: boolean): void {
  const size = sizeOf(value, strict);
  if (size > signalBytes) throw new RangeError(`signal ${subject} has ${size} bytes; ${signalBytes} are allowed, send a blob`);
}

function sizeOf(value: unknown, strict: boolean): number {
  if (value instanceof Uint8Array) return value.byteLength;
  // A text's length is a lower bound of its bytes; only a long one is worth counting.
  if (typeof value === 'string') return value.length > signalBytes / 3 ? Buffer.byteLength(value) : value.length;
  return strict ? Buffer.byteLength(JSON.stringify(value) ?? '') : 0;
}

const opcodes = { text: 0x1, binary: 0x2 } as const;

/**
 * One whole, unmasked, uncompressed WebSocket message as a server sends it (RFC 6455 §5.2). Built once, written to any number
 * of sockets.
 */
export function wsFrame(kind: keyof typeof opcodes, payload: string | Uint8Array): Buffer {
  const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + size);
  frame[0] = 0x80 | opcodes[kind];
  if (head === 2) frame[1] = size;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(size), 2);
  }
  if (typeof payload === 'string') frame.write(payload, head);
  else frame.set(payload, head);
  return frame;
}

/** An empty Ping. It may stand between any two whole frames. */
export const pingFrame: Buffer = Buffer.from([0x89, 0]);

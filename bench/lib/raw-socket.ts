import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** A WebSocket client that costs as little as possible: one process plays thousands of them, and the server is to be measured. */
export interface RawSocket {
  send(text: string): void;
  /** Stops or goes on reading. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface RawSocketOptions {
  readonly port: number;
  readonly path: string;
  readonly protocols?: string;
  /** Text frames; the buffer is shared and must not be kept. */
  readonly onText: (payload: Buffer, socket: RawSocket) => void;
}

export function openRawSocket({ port, path, protocols, onText }: RawSocketOptions): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const offer = protocols === undefined ? '' : `Sec-WebSocket-Protocol: ${protocols}\r\n`;
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offer}\r\n`,
  );
  const raw: RawSocket = {
    send: (text) => void socket.write(frame(0x1, Buffer.from(text))),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
  let rest: Buffer = Buffer.alloc(0);
  let open = false;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      let all: Buffer = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      if (!open) {
        const end = all.indexOf('\r\n\r\n');
        if (end < 0) {
          rest = all;
          return;
        }
        if (!all.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) reject(new Error(all.toString('latin1', 0, 200)));
        all = all.subarray(end + 4);
        open = true;
        resolve(raw);
      }
      rest = readFrames(all, (opcode, payload) => {
        if (opcode === 0x1) onText(payload, raw);
        else if (opcode === 0x9) socket.write(frame(0xa, payload));
      });
      if (rest.length > 0) rest = Buffer.from(rest);
    });
  });
}

/** What is left. */
function readFrames(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length - at < head) break;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length - at < head + size) break;
    take((bytes[at] ?? 0) & 0x0f, bytes.subarray(at + head, at + head + size));
    at += head + size;
  }
  return bytes.subarray(at);
}

/** Masked with zeros, which leaves the bytes as they are. */
function frame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const head = Buffer.alloc((size < 126 ? 2 : size < 65_536 ? 4 : 10) + 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (head.length === 8) head.writeUInt16BE(size, 2);
  if (head.length === 14) head.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([head, payload]);
}

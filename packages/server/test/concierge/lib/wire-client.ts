import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * A WebSocket client written for these tests from RFC 6455 alone: it shows every frame as it came, in order, and does nothing by
 * itself that a test does not want. Imports no product code and no WebSocket library.
 */
export interface WireFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export interface WireOptions {
  readonly path?: string;
  /** The header as it stands; absent: none. */
  readonly protocols?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answer Pings (default) or be deaf. */
  readonly pongs?: boolean;
}

export type Json = Readonly<Record<string, unknown>> & { readonly type: string; readonly seq?: number };

export class WireClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly frames: WireFrame[] = [];
  /** Status line and headers of the answer to the upgrade. */
  readonly head: string;
  pongs: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #read = 0;
  #waiting: (() => void)[] = [];
  #gone = false;

  private constructor(socket: Socket, head: string, rest: Buffer, pongs: boolean) {
    this.socket = socket;
    this.head = head;
    this.pongs = pongs;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#gone = true;
      this.#wake();
    });
    if (rest.length > 0) this.#take(rest);
  }

  /** Resolves when the server has answered the upgrade, whatever it said. */
  static async open(port: number, options: WireOptions = {}): Promise<WireClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const key = randomBytes(16).toString('base64');
    const headers: Record<string, string> = {
      Host: `127.0.0.1:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      ...(options.protocols === undefined ? {} : { 'Sec-WebSocket-Protocol': options.protocols }),
      ...options.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${options.path ?? '/ws'} HTTP/1.1\r\n${lines.join('')}\r\n`);
    const { head, rest } = await headOf(socket);
    const client = new WireClient(socket, head, rest, options.pongs ?? true);
    if (client.status === 101) {
      const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      if (client.header('sec-websocket-accept') !== expected) throw new Error('the accept key is wrong');
    }
    return client;
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)?.[1]);
  }

  header(name: string): string | null {
    return new RegExp(`^${name}: (.*)$`, 'im').exec(this.head)?.[1]?.trim() ?? null;
  }

  /** Text as a whole frame; an object as JSON. */
  say(what: string | object): void {
    this.frame(0x1, Buffer.from(typeof what === 'string' ? what : JSON.stringify(what)));
  }

  frame(opcode: number, payload: Buffer, fin = true): void {
    this.socket.write(masked(opcode, payload, fin));
  }

  /** The next text frame, as JSON. Control frames are skipped. Rejects when the connection ends before. */
  async hear(): Promise<Json> {
    for (;;) {
      const frame = this.frames[this.#read];
      if (frame === undefined) {
        if (this.#gone) throw new Error('the connection ended');
        await this.#news();
        continue;
      }
      this.#read++;
      if (frame.opcode === 0x1) return JSON.parse(frame.payload.toString()) as Json;
      if (frame.opcode === 0x8) throw new Error(`closed with ${codeOf(frame)} ${frame.payload.subarray(2).toString()}`);
    }
  }

  /** The text of the next text frame, untouched. */
  async hearText(): Promise<string> {
    const from = this.#read;
    await this.hear();
    return this.frames.slice(from, this.#read).at(-1)!.payload.toString();
  }

  /** Drops what was heard, for tests that hear much. */
  forget(): void {
    this.frames.splice(0, this.#read);
    this.#read = 0;
  }

  async hearAll(count: number): Promise<Json[]> {
    const all: Json[] = [];
    while (all.length < count) all.push(await this.hear());
    return all;
  }

  /** Everything until the answer with this number. */
  async hearUntilSeq(seq: number): Promise<Json[]> {
    const all: Json[] = [];
    do all.push(await this.hear());
    while (all.at(-1)!.seq !== seq);
    return all;
  }

  /** The close code; whatever comes before is skipped. 1006: none came. Answers the close frame, as one must. */
  async closed(): Promise<{ code: number; reason: string }> {
    for (;;) {
      const found = this.frames.find(({ opcode }) => opcode === 0x8);
      if (found !== undefined) {
        if (!this.#gone) this.socket.end(masked(0x8, found.payload.subarray(0, 2), true));
        return { code: codeOf(found), reason: found.payload.subarray(2).toString() };
      }
      if (this.#gone) return { code: 1006, reason: '' };
      await this.#news();
    }
  }

  /** Says good-bye as a library does. */
  async leave(code = 1000): Promise<void> {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.frame(0x8, payload);
    await this.gone();
  }

  async gone(): Promise<void> {
    while (!this.#gone) await this.#news();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.gone();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const call of this.#waiting.splice(0)) call();
  }

  #take(bytes: Buffer): void {
    // What follows a refusal is no frame.
    if (this.status !== 101) return;
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    for (let next = firstFrame(this.#bytes); next !== null; next = firstFrame(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(next.length);
      this.frames.push(next.frame);
      if (next.frame.opcode === 0x9 && this.pongs) this.frame(0xa, next.frame.payload);
    }
    this.#wake();
  }
}

const codeOf = ({ payload }: WireFrame): number => (payload.length >= 2 ? payload.readUInt16BE(0) : 1005);

function headOf(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const done = (end: number): void => {
      socket.off('data', onData).off('error', reject).off('end', onEnd);
      resolve({ head: seen.subarray(0, end).toString('latin1'), rest: seen.subarray(end) });
    };
    const onData = (bytes: Buffer): void => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf('\r\n\r\n');
      if (end >= 0) done(end + 4);
    };
    const onEnd = (): void => done(seen.length);
    socket.on('data', onData).on('error', reject).on('end', onEnd);
  });
}

/** Servers must not mask and must not use extensions that were not agreed on: both are errors here. */
function firstFrame(bytes: Buffer): { frame: WireFrame; length: number } | null {
  if (bytes.length < 2) return null;
  const [first, second] = [bytes[0]!, bytes[1]!];
  if ((first & 0x70) !== 0) throw new Error('reserved bits are set');
  if ((second & 0x80) !== 0) throw new Error('a server must not mask');
  const short = second & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < head) return null;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < head + size) return null;
  const payload = bytes.subarray(head, head + size);
  return { frame: { opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload }, length: head + size };
}

export function masked(opcode: number, payload: Buffer, fin: boolean): Buffer {
  const size = payload.length;
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(size, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
  const mask = randomBytes(4);
  const body = Buffer.from(payload);
  for (let i = 0; i < size; i++) body[i]! ^= mask[i % 4]!;
  return Buffer.concat([head, mask, body]);
}

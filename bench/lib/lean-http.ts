import { connect, type Socket } from 'node:net';

export interface LeanAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One keep-alive connection of the smallest HTTP client that will do, so that the client's own work does not hide the
 * server's. One request at a time; answers must have a content-length (or be 204).
 */
export class LeanConnection {
  readonly #socket: Socket;
  #text = '';
  #waiting: { resolve(answer: LeanAnswer): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#heard(text));
    socket.on('error', (error) => this.#gone(error));
    socket.on('close', () => this.#gone(new Error('the connection was closed')));
  }

  static open(url: string): Promise<LeanConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new LeanConnection(socket)));
      socket.once('error', reject);
    });
  }

  /** `request`: the whole of it, headers and body. Rejects when the connection goes. */
  send(request: string): Promise<LeanAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #heard(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    const length = head.slice(9, 12) === '204' ? '0' : /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#gone(new Error(`no content-length in ${head}`));
      return;
    }
    const until = end + 4 + Number(length);
    if (this.#text.length < until) return;
    const body = this.#text.slice(end + 4, until);
    this.#text = this.#text.slice(until);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }

  #gone(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}

/** The text of a request. */
export function requestText(method: string, url: string, path: string, token: string | null, body?: string): string {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`];
  if (token !== null) lines.push(`authorization: Bearer ${token}`);
  if (body !== undefined) lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

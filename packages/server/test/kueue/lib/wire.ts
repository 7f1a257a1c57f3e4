import { connect, type Socket } from 'node:net';
import { type Dialect, type Message, readStrictly } from './strict.ts';
import { ValueSplitter } from './values.ts';

/** One connection of a scripted program: whole messages in and out, read as strictly as the real one does. */
export class Wire implements AsyncDisposable {
  readonly socket: Socket;
  readonly dialect: Dialect;
  readonly role: 'client' | 'worker';
  /** All that came, in order. */
  readonly received: Message[] = [];
  readonly #waiting: Message[] = [];
  readonly #calls = new Set<() => void>();
  readonly #closed: Promise<void>;
  #fault: Error | null = null;
  #ended = false;

  constructor(socket: Socket, role: 'client' | 'worker', dialect: Dialect) {
    this.socket = socket;
    this.role = role;
    this.dialect = dialect;
    const splitter = new ValueSplitter();
    socket.on('data', (bytes) => {
      try {
        for (const value of splitter.push(bytes)) this.#got(readStrictly(value, dialect, role));
      } catch (cause) {
        this.#fault = cause as Error;
        socket.destroy();
      }
      this.#look();
    });
    socket.on('error', () => {});
    socket.on('end', () => this.#end());
    this.#closed = new Promise((resolve) => void socket.once('close', () => resolve()));
    void this.#closed.then(() => this.#end());
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Called for each message instead of keeping it for `next`. */
  onMessage: ((message: Message) => void) | null = null;

  #got(message: Message): void {
    this.received.push(message);
    if (this.onMessage !== null) this.onMessage(message);
    else this.#waiting.push(message);
  }

  #end(): void {
    this.#ended = true;
    this.#look();
  }

  #look(): void {
    for (const call of [...this.#calls]) call();
  }

  send(text: string): void {
    this.socket.write(text);
  }

  message(name: string, body?: unknown): void {
    this.send(body === undefined ? JSON.stringify(name) : JSON.stringify({ [name]: body }));
  }

  /** The next message; null: the connection ended. A message that the program could not read is thrown. */
  next(): Promise<Message | null> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const message = this.#waiting.shift();
        if (message === undefined && !this.#ended && this.#fault === null) return;
        this.#calls.delete(look);
        if (message !== undefined) resolve(message);
        else if (this.#fault !== null) reject(this.#fault);
        else resolve(null);
      };
      this.#calls.add(look);
      look();
    });
  }

  /** The next message must be this one. */
  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  async expect(...names: string[]): Promise<any> {
    const message = await this.next();
    if (message === null || !names.includes(message.name)) {
      throw new Error(`expected ${names.join(' or ')}, got ${message === null ? 'the end' : JSON.stringify(message)}`);
    }
    return message.body;
  }

  async closed(): Promise<void> {
    this.socket.resume();
    this.socket.end();
    await this.#closed;
  }

  /** Gone without a word, as a killed process. */
  async kill(): Promise<void> {
    this.socket.resetAndDestroy();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.#closed;
  }
}

export function dialWire(port: number, role: 'client' | 'worker', dialect: Dialect, host = '127.0.0.1'): Promise<Wire> {
  const socket = connect({ port, host });
  // The real programs leave it as it is; the only difference is waiting.
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(new Wire(socket, role, dialect));
    });
  });
}

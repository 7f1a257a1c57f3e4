import { WebSocket } from 'ws';
import { backoff, type System, type Timer } from '../system.ts';
import { version } from '../version.ts';
import { type FromServer, readMessage, type ToServer } from './messages.ts';

export interface ConnectionOptions {
  readonly server: string;
  /** Read anew for every connection: a token may be replaced. */
  readonly token: () => string;
  readonly system: System;
  readonly rhythm?: Partial<ConnectionRhythm>;
}

/** Milliseconds. */
export interface ConnectionRhythm {
  readonly reconnect: { readonly first: number; readonly most: number };
  /** Another agent came with our token, or the server does not want it: no hurry. */
  readonly unwelcomeMs: number;
  readonly handshakeMs: number;
  readonly pingMs: number;
  readonly silenceMs: number;
}

const usual: ConnectionRhythm = {
  reconnect: { first: 500, most: 15_000 },
  unwelcomeMs: 60_000,
  handshakeMs: 15_000,
  pingMs: 20_000,
  silenceMs: 60_000,
};

export interface ConnectionEvents {
  /** Authenticated: everything must be told anew. */
  readonly live: () => void;
  readonly message: (message: FromServer) => void;
  readonly lost: (why: string) => void;
  /** A try that came to nothing. `refused`: the server does not take this token. */
  readonly failed: (why: string, refused: boolean) => void;
}

const frameMost = 65_536;
/** Above this the server does not keep up: newest-wins reports wait. */
const backlogMost = 262_144;
const replacedCode = 4409;
const unwelcomeCodes = new Set([4401, 4410]);

/** The one socket to the server: authenticates first, shows signs of life, comes back after a break. Nothing is kept here for later. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #rhythm: ConnectionRhythm;
  readonly #events: ConnectionEvents;
  #socket: WebSocket | null = null;
  #state: 'waiting' | 'greeting' | 'live' | 'closed' = 'waiting';
  #timer: Timer | null = null;
  #heardAt = 0;
  #tries = 0;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#rhythm = { ...usual, ...options.rhythm };
    this.#events = events;
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** It takes what can wait. */
  get roomy(): boolean {
    return this.live && (this.#socket?.bufferedAmount ?? 0) < backlogMost;
  }

  connect(): void {
    if (this.#state === 'closed') return;
    this.#state = 'waiting';
    let token: string;
    try {
      token = this.#options.token();
    } catch (error) {
      this.#failed((error as Error).message, false);
      return;
    }
    const socket = new WebSocket(urlOf(this.#options.server), {
      maxPayload: frameMost,
      perMessageDeflate: false,
      headers: { 'User-Agent': `switchyard-printer-agent/${version}` },
    });
    this.#socket = socket;
    this.#after(this.#rhythm.handshakeMs, () => this.#broken('it did not answer in time', 0));
    this.#listen(socket, token);
  }

  #listen(socket: WebSocket, token: string): void {
    const mine = (act: () => void) => () => {
      if (this.#socket === socket) act();
    };
    const heard = mine(() => {
      this.#heardAt = this.#options.system.monotonic();
    });
    socket.on(
      'open',
      mine(() => {
        this.#state = 'greeting';
        socket.send(JSON.stringify({ type: 'authentication', data: { token, version } }));
      }),
    );
    socket.on('ping', heard).on('pong', heard);
    socket.on('message', (data: Buffer, binary) => {
      heard();
      if (this.#socket === socket && !binary) this.#receive(readMessage(data.toString()));
    });
    let why = '';
    // `close` follows every error.
    socket.on('error', (error) => {
      why = error.message;
    });
    socket.on('close', (code, reason) => {
      if (this.#socket === socket) this.#broken(reason.toString() || why || `it closed the connection (code ${code})`, code);
    });
  }

  /** False: not connected, it is not sent. */
  send(message: ToServer): boolean {
    if (this.#state !== 'live') return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#timer?.cancel();
    this.#state = 'closed';
    const socket = this.#socket;
    this.#socket = null;
    // Without a server that answers it would wait half a minute.
    if (socket === null) return;
    socket.on('error', () => {});
    socket.close(1000);
    this.#after(1_000, () => socket.terminate());
    socket.once('close', () => this.#timer?.cancel());
  }

  #receive(message: FromServer): void {
    if (this.#state === 'greeting' && message.is === 'authentication') this.#verdict(message.data);
    else if (this.#state === 'live') this.#events.message(message);
  }

  /** Words of status are read without regard to case (printerlynx §3.4). */
  #verdict({ status, message }: { readonly status: string; readonly message?: string }): void {
    if (!/^(success|ok)$/i.test(status)) {
      this.#drop();
      this.#failed(message ?? 'Invalid token', true);
      return;
    }
    this.#state = 'live';
    this.#heardAt = this.#options.system.monotonic();
    this.#beat();
    this.#events.live();
  }

  /** Asks every now and then; a server that is silent for too long is gone. */
  #beat(): void {
    this.#after(this.#rhythm.pingMs, () => {
      if (this.#options.system.monotonic() - this.#heardAt >= this.#rhythm.silenceMs) {
        this.#broken('it does not answer any more', 0);
        return;
      }
      this.#socket?.ping();
      this.#beat();
    });
  }

  #broken(why: string, code: number): void {
    const wasLive = this.#state === 'live';
    this.#drop();
    if (code === replacedCode) {
      this.#events.lost('another agent has connected with the same token');
      this.#after(this.#rhythm.unwelcomeMs, () => this.connect());
    } else if (unwelcomeCodes.has(code)) this.#failed(why, true);
    else if (wasLive) {
      this.#tries = 0;
      this.#events.lost(why);
      this.#later();
    } else this.#failed(why, false);
  }

  #failed(why: string, refused: boolean): void {
    this.#state = 'waiting';
    if (refused) this.#after(this.#rhythm.unwelcomeMs, () => this.connect());
    else this.#later();
    this.#events.failed(why, refused);
  }

  #later(): void {
    this.#after(backoff(this.#tries++, this.#rhythm.reconnect, this.#options.system), () => this.connect());
  }

  #after(ms: number, call: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.system.after(ms, call);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#state = 'waiting';
    this.#timer?.cancel();
    socket?.on('error', () => {});
    socket?.terminate();
  }
}

function urlOf(server: string): URL {
  const url = new URL('api/v1/ws/agent', server.endsWith('/') ? server : `${server}/`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

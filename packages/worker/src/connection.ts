import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FromWorker, ToWorker, WireHello } from '@switchyard/sdk/worker-wire.ts';
import { workerProtocol } from '@switchyard/sdk/worker-wire.ts';
import { Backoff } from './backoff.ts';
import { checkMessage } from './from-server.ts';
import { limits, type Rhythm } from './limits.ts';
import type { System, Timer } from './system.ts';
import { version } from './version.ts';

export interface ConnectionOptions {
  readonly server: string;
  /** Read anew for every connection: a token may be replaced. */
  readonly token: () => string;
  readonly rhythm: Rhythm;
  readonly system: System;
}

type Welcome = ToWorker & { m: 'welcome' };

/** What the worker does when something happens on the wire. */
export interface ConnectionEvents {
  readonly hello: () => WireHello;
  readonly welcome: (welcome: Welcome) => void;
  readonly message: (message: Exclude<ToWorker, Welcome>) => void;
  readonly malformed: (what: string, task: number | null, attempt: number | null) => void;
  /** After `welcome`: the server cannot be reached any more. A new connection is being tried. */
  readonly lost: (why: string) => void;
  /** A try that failed before `welcome`. `status`: the HTTP answer, if there was one. */
  readonly failed: (why: string, status: number | null) => void;
  /** About three times per lease, while connected. */
  readonly tick: () => void;
}

/** Closed with this: the token was good, but not for this worker. */
const refusedCode = 4403;
/** A connection that lasted so long was a good one: the next tries come quickly again. */
const goodLifeMs = 5_000;

/** The life of the link: no socket; a socket without `welcome`; one with; closed for good. */
type State = 'waiting' | 'greeting' | 'live' | 'closed';

interface PingSeen {
  readonly websocket?: unknown;
}
interface HeadersSeen {
  readonly request: { readonly headers: unknown };
  readonly response: { readonly statusCode: number };
}

/**
 * The one socket to the server: connects, says hello, comes back after a break. What one turn of the event loop says leaves
 * as one JSON array. Nothing is kept for later here: who needs an answer repeats it after the next `welcome`.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #backoff: Backoff;
  #state: State = 'waiting';
  #socket: WebSocket | null = null;
  #request = '';
  #status: number | null = null;
  #outbox: string[] = [];
  #outboxSize = 0;
  #flushing = false;
  #timer: Timer | null = null;
  #leaseMs = 0;
  #liveAt = 0;
  #heardAt = 0;
  #saidAt = 0;
  /** The server shows signs of life by itself: only then its silence means that it is gone. */
  #pinged = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff(options.rhythm.reconnectMs, options.system);
    subscribe('undici:websocket:ping', this.#onPing);
    subscribe('undici:request:headers', this.#onHeaders);
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** Bytes that the system has not taken yet. */
  get backlog(): number {
    return (this.#socket?.bufferedAmount ?? 0) + this.#outboxSize;
  }

  connect(): void {
    if (this.#state === 'closed') return;
    this.#timer?.cancel();
    this.#state = 'waiting';
    this.#request = this.#options.system.uuid();
    this.#status = null;
    const socket = this.#open();
    if (socket === null) return;
    this.#socket = socket;
    this.#timer = this.#options.system.after(this.#options.rhythm.handshakeMs, () => this.#broken('it did not answer in time'));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#greet();
    socket.onmessage = (event) => this.#receive(event.data);
    // Not every Node says `close` after a refused upgrade: an error is the end too, unless `close` comes first.
    socket.onerror = () => {
      setImmediate(() => {
        if (this.#socket === socket) this.#broken(closeText(1006));
      });
    };
    socket.onclose = ({ code, reason }) => {
      if (code === refusedCode) this.#status = 403;
      this.#broken(reason || closeText(code));
    };
  }

  /** False: not connected, the message is not sent. */
  send(message: FromWorker): boolean {
    if (this.#state !== 'live') return false;
    this.#put(message);
    return true;
  }

  /** A log frame, at once: so that an `end` that is said later arrives later. */
  sendFrame(frame: Uint8Array): void {
    if (this.#state !== 'live') return;
    this.#flush();
    this.#saidAt = this.#options.system.monotonic();
    this.#socket?.send(frame as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#flush();
    this.#state = 'closed';
    this.#timer?.cancel();
    unsubscribe('undici:websocket:ping', this.#onPing);
    unsubscribe('undici:request:headers', this.#onHeaders);
    this.#discard();
  }

  #open(): WebSocket | null {
    const url = new URL('v1/worker', withSlash(this.#options.server));
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    try {
      const headers = {
        Authorization: `Bearer ${this.#options.token()}`,
        'User-Agent': `switchyard-worker/${version}`,
        'X-Request-Id': this.#request,
      };
      return new WebSocket(url, { protocols: [workerProtocol], headers });
    } catch (error) {
      this.#later((error as Error).message);
      return null;
    }
  }

  #greet(): void {
    this.#state = 'greeting';
    this.#put(this.#events.hello());
    this.#flush();
  }

  #put(message: FromWorker): void {
    const text = JSON.stringify(message);
    if (this.#outboxSize + text.length > limits.textFrame) this.#flush();
    this.#outbox.push(text);
    this.#outboxSize += text.length;
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const text = `[${this.#outbox.join(',')}]`;
    this.#outbox = [];
    this.#outboxSize = 0;
    if (this.#state !== 'live' && this.#state !== 'greeting') return;
    this.#saidAt = this.#options.system.monotonic();
    this.#socket?.send(text);
  }

  #receive(data: unknown): void {
    this.#heardAt = this.#options.system.monotonic();
    if (typeof data !== 'string' || data.length > limits.serverFrame) return;
    let values: unknown;
    try {
      values = JSON.parse(data);
    } catch {
      this.#events.malformed('a frame that is not JSON', null, null);
      return;
    }
    if (!Array.isArray(values)) this.#events.malformed('a frame that is not a list of messages', null, null);
    else for (const value of values) this.#take(value);
  }

  #take(value: unknown): void {
    const checked = checkMessage(value);
    if ('unknown' in checked) return;
    if ('malformed' in checked) {
      this.#events.malformed(checked.malformed, checked.task, checked.attempt);
      return;
    }
    const { message } = checked;
    if (message.m === 'welcome') this.#welcome(message);
    else if (this.#state === 'live') this.#events.message(message);
  }

  #welcome(welcome: Welcome): void {
    if (this.#state !== 'greeting') return;
    this.#state = 'live';
    this.#leaseMs = welcome.leaseMs;
    this.#pinged = false;
    this.#liveAt = this.#heardAt;
    this.#armTick();
    this.#events.welcome(welcome);
  }

  #armTick(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.system.after(Math.max(10, this.#leaseMs / 3), () => this.#tick());
  }

  #tick(): void {
    const now = this.#options.system.monotonic();
    if (this.#pinged && now - this.#heardAt > this.#leaseMs) {
      this.#broken(`it was silent for ${Math.round(now - this.#heardAt)} ms`);
      return;
    }
    this.#armTick();
    this.#events.tick();
    // This kind of socket cannot ping: an empty list of messages is our sign of life.
    if (now - this.#saidAt >= this.#leaseMs / 4 && this.#outbox.length === 0) {
      this.#saidAt = now;
      this.#socket?.send('[]');
    }
  }

  #broken(why: string): void {
    if (this.#state === 'closed') return;
    const wasLive = this.#state === 'live';
    if (wasLive && this.#options.system.monotonic() - this.#liveAt > goodLifeMs) this.#backoff.reset();
    this.#discard();
    this.#state = 'waiting';
    if (wasLive) this.#events.lost(why);
    this.#later(why, wasLive);
  }

  #later(why: string, wasLive = false): void {
    if (!wasLive) this.#events.failed(why, this.#status);
    // The listener may have closed us.
    if (this.#state === 'closed') return;
    this.#timer?.cancel();
    this.#timer = this.#options.system.after(this.#backoff.next(), () => this.connect());
  }

  #discard(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#outbox = [];
    this.#outboxSize = 0;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = () => {};
    socket.close();
  }

  readonly #onPing = (message: unknown): void => {
    const { websocket } = message as PingSeen;
    // Older Nodes do not say whose ping it is; a worker has one socket only.
    if (this.#socket === null || (websocket !== undefined && websocket !== this.#socket)) return;
    this.#pinged = true;
    this.#heardAt = this.#options.system.monotonic();
  };

  /** The WebSocket hides why it was refused: the HTTP client below it does not. */
  readonly #onHeaders = (message: unknown): void => {
    const { request, response } = message as HeadersSeen;
    if (this.#state === 'waiting' && String(request.headers).includes(this.#request)) this.#status = response.statusCode;
  };
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

function closeText(code: number): string {
  return code === 1006 ? 'the connection could not be made or was cut' : `it closed the connection (code ${code})`;
}

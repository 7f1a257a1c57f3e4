import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Timer } from '../../ports/clock.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import { InboundGate } from '../kit/inbound-gate.ts';
import { kitLimits } from '../kit/limits.ts';
import { SendQueue } from '../kit/send-queue.ts';
import { wsFrame } from '../kit/ws-frame.ts';
import type { Desk, Visitor } from './desk.ts';
import { Newest } from './newest.ts';
import { answer, type Said } from './socket-table.ts';
import type { Dialect } from './translate.ts';

export interface Accepted {
  readonly websocket: WebSocket;
  readonly stream: Duplex;
}

export interface LinkDeps {
  readonly desk: Desk;
  /** It has shown a token. */
  readonly known: (link: Link) => void;
  readonly gone: (link: Link) => void;
}

/** Bytes of requests that wait for their turn before the socket is read on. */
const waitingBytes = 262_144;

/** One client's socket. Until it has shown its token it hears nothing, and may say little. */
export class Link {
  readonly #accepted: Accepted;
  readonly #deps: LinkDeps;
  readonly #queue: SendQueue;
  readonly #newest: Newest;
  readonly #gate: InboundGate;
  readonly #stopBeat: () => void;
  readonly #deadline: Timer;
  #release: (() => void) | null = null;
  #turn: Promise<void> = Promise.resolve();
  #ponged = true;
  #strangerBytes = 0;
  #over = false;
  visitor: Visitor | null = null;
  dialect: Dialect = 'today';

  constructor(accepted: Accepted, deps: LinkDeps) {
    const { websocket, stream } = accepted;
    const { clock, limits } = deps.desk;
    this.#accepted = accepted;
    this.#deps = deps;
    this.#queue = new SendQueue(stream, { limit: limits.queueBytes, onFull: 'close' });
    // Room is left for what must be said.
    this.#newest = new Newest(this.#queue, limits.queueBytes * 0.75);
    this.#gate = new InboundGate(websocket, waitingBytes);
    this.#deadline = clock.after(limits.authMs, () => this.close(4401, 'No token was shown'));
    this.#stopBeat = startHeartbeat(clock, limits.pingMs, () => this.#beat());
    stream.on('data', this.#count);
    websocket.on('message', (data, binary) => this.#receive(data, binary));
    websocket.on('pong', () => {
      this.#ponged = true;
    });
    websocket.on('error', () => {});
    websocket.once('close', () => this.#closed());
  }

  /** A change of a job's state: in order, never left out. */
  hear(job: number, frame: Buffer): void {
    this.#newest.changes(job);
    this.#queue.push(frame);
  }

  /** What a newer one may take the place of. */
  hearNewest(job: number, what: 'progress' | 'structure', frame: Buffer): void {
    this.#newest.say(job, what, frame);
  }

  flush(): void {
    this.#queue.flush();
  }

  /** It is this visitor's from now on, and is told what that brings. */
  enter(visitor: Visitor, dialect: Dialect, said: readonly string[]): void {
    this.visitor = visitor;
    this.dialect = dialect;
    this.#release = this.#deps.desk.visitors.hold(visitor);
    this.#deadline.cancel();
    this.#accepted.stream.off('data', this.#count);
    for (const text of said) this.say(text);
    this.#deps.known(this);
  }

  say(text: string): void {
    this.#queue.push(wsFrame('text', text));
  }

  /** Says why and hangs up; by force if the peer does not. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#leave();
    this.#newest.clear();
    this.#queue.flush();
    this.#queue.close();
    const { websocket } = this.#accepted;
    websocket.close(code, reason);
    const force = this.#deps.desk.clock.after(kitLimits.goodByeMs, () => websocket.terminate());
    websocket.once('close', () => force.cancel());
  }

  /** Without a word: for whoever has none coming. */
  cut(): void {
    this.#leave();
    this.#accepted.websocket.terminate();
  }

  /** A stranger's bytes are bounded before they are a message. */
  readonly #count = (bytes: Buffer): void => {
    this.#strangerBytes += bytes.length;
    if (this.#strangerBytes > this.#deps.desk.limits.strangerBytes) this.close(1009, 'Show a token first');
  };

  #receive(data: RawData, binary: boolean): void {
    // Bytes that are no text mean nothing here (dnaforge §1.1).
    if (this.#over || binary) return;
    const frame = data as Buffer;
    this.#gate.begin(frame.length);
    this.#turn = this.#turn.then(() => this.#serve(frame)).finally(() => this.#gate.finish(frame.length));
  }

  /** One after the other: what a client asks for first happens first. */
  async #serve(frame: Buffer): Promise<void> {
    if (this.#over) return;
    try {
      const said: Said = await answer(this.#deps.desk, this, frame.toString('utf8'));
      if (this.#over || said === null) return;
      if ('visitor' in said) this.enter(said.visitor, said.dialect, said.say());
      else this.say(said.text);
    } catch (error) {
      this.#deps.desk.log.error({ event: 'dnaforge.socket', err: error });
    }
  }

  #beat(): void {
    if (!this.#ponged) {
      this.cut();
      return;
    }
    this.#ponged = false;
    this.#accepted.websocket.ping();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    this.#stopBeat();
    this.#release?.();
    this.#deps.gone(this);
  }

  #closed(): void {
    this.#leave();
    this.#queue.close();
  }
}

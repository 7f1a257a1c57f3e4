import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../../ports/clock.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import { InboundGate } from '../kit/inbound-gate.ts';
import { kitLimits } from '../kit/limits.ts';
import { SendQueue } from '../kit/send-queue.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import { wsFrame } from '../kit/ws-frame.ts';
import type { PrinterlynxLimits } from './limits.ts';

export interface Accepted {
  readonly websocket: WebSocket;
  readonly stream: Duplex;
  readonly address: string;
}

export interface TalkEvents {
  /** Null: a binary frame. One after the other: what it promises is waited for. */
  readonly heard: (text: string | null) => Promise<void> | void;
  /** It says more than it may. */
  readonly tooMany: () => void;
  readonly gone: () => void;
  readonly failed: (error: unknown) => void;
}

/** Bytes of requests that wait for their turn before the socket is read on. */
const waitingBytes = 1_048_576;

/** One socket of this door, whoever is on it: deadline, heartbeat, rate, order, bounded sending (printerlynx §1.3, §1.5, §1.7). */
export class Talk {
  readonly address: string;
  readonly #accepted: Accepted;
  readonly #clock: Clock;
  readonly #limits: PrinterlynxLimits;
  readonly #events: TalkEvents;
  readonly #queue: SendQueue;
  readonly #gate: InboundGate;
  readonly #bucket: TokenBucket;
  readonly #stopBeat: () => void;
  #deadline: Timer | null;
  #heardAt: number;
  #turn: Promise<void> = Promise.resolve();
  #over = false;

  constructor(
    accepted: Accepted,
    rate: number,
    { clock, limits }: { clock: Clock; limits: PrinterlynxLimits },
    events: TalkEvents,
  ) {
    const { websocket, stream, address } = accepted;
    this.address = address;
    this.#accepted = accepted;
    this.#clock = clock;
    this.#limits = limits;
    this.#events = events;
    this.#queue = new SendQueue(stream, { limit: limits.queuedBytes, onFull: 'close', onOverflow: () => this.cut() });
    this.#gate = new InboundGate(websocket, waitingBytes);
    this.#bucket = new TokenBucket(rate, rate, clock.monotonic());
    this.#heardAt = clock.monotonic();
    this.#deadline = clock.after(limits.firstMessageMs, () => this.close(4408, 'Authentication took too long'));
    this.#stopBeat = startHeartbeat(clock, limits.pingMs, () => this.#beat());
    websocket.on('message', (data, binary) => this.receive(data, binary));
    websocket.on('pong', () => this.#alive());
    websocket.on('ping', () => this.#alive());
    websocket.on('error', () => {});
    websocket.once('close', () => this.#leave());
  }

  get over(): boolean {
    return this.#over;
  }

  /** It has shown who it is. */
  welcome(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  say(text: string): void {
    this.#queue.push(wsFrame('text', text));
  }

  /** A newer one takes its place as long as it waits. */
  sayLatest(key: string, frame: Buffer): void {
    this.#queue.pushLatest(key, frame);
  }

  flush(): void {
    this.#queue.flush();
  }

  /** Says why and hangs up; by force if the peer does not. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#leave();
    this.#queue.flush();
    this.#queue.close();
    const { websocket } = this.#accepted;
    websocket.close(code, reason);
    const force = this.#clock.after(kitLimits.goodByeMs, () => websocket.terminate());
    websocket.once('close', () => force.cancel());
  }

  cut(): void {
    this.#leave();
    this.#accepted.websocket.terminate();
  }

  receive(data: RawData, binary: boolean): void {
    if (this.#over) return;
    this.#alive();
    const bytes = data as Buffer;
    if (this.#bucket.wait(this.#clock.monotonic()) > 0) {
      this.#events.tooMany();
      return;
    }
    this.#bucket.take(1);
    this.#gate.begin(bytes.length);
    const text = binary ? null : bytes.toString('utf8');
    this.#turn = this.#turn.then(() => this.#serve(text)).finally(() => this.#gate.finish(bytes.length));
  }

  async #serve(text: string | null): Promise<void> {
    if (this.#over) return;
    try {
      await this.#events.heard(text);
    } catch (error) {
      this.#events.failed(error);
      this.close(1011, 'Something went wrong here');
    }
  }

  #alive(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  #beat(): void {
    if (this.#clock.monotonic() - this.#heardAt >= this.#limits.silenceMs) this.cut();
    else this.#accepted.websocket.ping();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline?.cancel();
    this.#stopBeat();
    this.#queue.flush();
    this.#events.gone();
  }
}

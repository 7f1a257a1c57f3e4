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
  /** Looked at when it comes, past what waits: what was done then, and is said in its turn in place of `heard`. Null: nothing. */
  readonly early?: (text: string) => (() => void) | null;
  /** It says more than it may: this was not served. In its turn. */
  readonly tooMany: (text: string | null) => void;
  /** At every heartbeat: false: it must go, and has been told. */
  readonly fits?: () => boolean;
  readonly gone: () => void;
  readonly failed: (error: unknown) => void;
}

/** Whoever says too much is told so this often in a row as it may speak in a second, and then not read for this long. */
const restMs = 1_000;

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
  readonly #rate: number;
  #excess = 0;
  #rest: Timer | null = null;
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
    this.#gate = new InboundGate(this.#valve(websocket), waitingBytes);
    this.#rate = rate;
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
    // Its good-bye must be read.
    websocket.resume();
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
    const text = binary ? null : bytes.toString('utf8');
    if (this.#bucket.wait(this.#clock.monotonic()) === 0) {
      this.#bucket.take(1);
      this.#excess = 0;
      this.#inTurn(bytes.length, this.#early(text) ?? (() => this.#events.heard(text)));
    } else if (this.#excess < this.#rate) {
      this.#excess++;
      this.#inTurn(bytes.length, this.#early(text) ?? (() => this.#events.tooMany(text)));
    } else this.#pause();
  }

  #early(text: string | null): (() => void) | null {
    return text === null ? null : (this.#events.early?.(text) ?? null);
  }

  #inTurn(size: number, work: () => Promise<void> | void): void {
    this.#gate.begin(size);
    this.#turn = this.#turn.then(() => this.#serve(work)).finally(() => this.#gate.finish(size));
  }

  /** What has come already is left out; the rest waits with the peer. */
  #pause(): void {
    if (this.#rest !== null) return;
    const { websocket } = this.#accepted;
    websocket.pause();
    this.#rest = this.#clock.after(restMs, () => {
      this.#rest = null;
      this.#excess = 0;
      websocket.resume();
    });
  }

  /** Two may want it shut. */
  #valve(websocket: WebSocket): { pause(): void; resume(): void } {
    return {
      pause: () => websocket.pause(),
      resume: () => {
        if (this.#rest === null) websocket.resume();
      },
    };
  }

  async #serve(work: () => Promise<void> | void): Promise<void> {
    if (this.#over) return;
    try {
      await work();
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
    else if (this.#events.fits?.() !== false) this.#accepted.websocket.ping();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline?.cancel();
    this.#stopBeat();
    this.#rest?.cancel();
    this.#queue.flush();
    this.#events.gone();
  }
}

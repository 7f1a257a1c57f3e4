import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../ports/clock.ts';
import { addressOf, type ConnectionCaps } from './connection-caps.ts';
import type { KitLimits } from './limits.ts';
import { SendQueue } from './send-queue.ts';

export interface RawConnectionDeps {
  readonly clock: Clock;
  readonly caps: ConnectionCaps;
  readonly limits: Pick<KitLimits, 'firstMessageMs' | 'sendBytes' | 'goodByeMs'>;
}

/** `deadline`: no complete first message in time. `slow`: it does not read. `peer`: it hung up. `us`: closed from here. */
export type CloseReason = 'deadline' | 'slow' | 'peer' | 'error' | 'us';

export interface RawEars {
  data(bytes: Buffer): void;
  /** The peer has ended its side. Left out: what is queued is sent and the connection closed; else the door closes it. */
  ended?(): void;
  /** Called exactly once. */
  closed(why: CloseReason): void;
}

/**
 * A raw TCP connection as every door without HTTP needs it: counted, with a deadline for its first message, a bounded send
 * queue and an end that lets the last words through. Null: too many connections; the socket is gone.
 */
export function openRawConnection(socket: Socket, first: Buffer, ears: RawEars, deps: RawConnectionDeps): RawConnection | null {
  const address = addressOf(socket);
  if (!deps.caps.enter(address)) {
    socket.destroy();
    return null;
  }
  socket.once('close', () => deps.caps.leave(address));
  return new RawConnection(socket, first, ears, deps);
}

export class RawConnection {
  readonly remote: string;
  readonly #socket: Socket;
  readonly #queue: SendQueue;
  readonly #deps: RawConnectionDeps;
  #deadline: Timer | null;
  #why: CloseReason | null = null;

  constructor(socket: Socket, first: Buffer, ears: RawEars, deps: RawConnectionDeps) {
    this.remote = addressOf(socket);
    this.#socket = socket;
    this.#deps = deps;
    this.#queue = new SendQueue(socket, {
      limit: deps.limits.sendBytes,
      onFull: 'close',
      onOverflow: () => this.destroy('slow'),
    });
    this.#deadline = deps.clock.after(deps.limits.firstMessageMs, () => this.destroy('deadline'));
    socket.on('error', () => this.#because('error'));
    socket.on('end', () => this.#peerEnded(ears));
    socket.once('close', () => this.#onClose(ears));
    // Later, so that the door holds the connection in its hands when the first bytes reach it.
    queueMicrotask(() => this.#begin(first, ears));
  }

  /** The peer has said who it is: the deadline is off. */
  established(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  send(bytes: Uint8Array): boolean {
    return this.#queue.push(bytes);
  }

  sendLatest(key: string, bytes: Uint8Array): boolean {
    return this.#queue.pushLatest(key, bytes);
  }

  /** See `SendQueue.whenBelow`. */
  whenBelow(bytes: number): Promise<boolean> {
    return this.#queue.whenBelow(bytes);
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  get closed(): boolean {
    return this.#socket.destroyed || this.#why !== null;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says the last words, then hangs up; by force if they do not get through in time. What still comes in is not heard. */
  close(last?: Uint8Array): void {
    if (this.#why !== null) return;
    this.#because('us');
    this.established();
    const force = this.#deps.clock.after(this.#deps.limits.goodByeMs, () => this.#socket.destroy());
    this.#socket.once('close', () => force.cancel());
    // With everything written and the peer's own end seen (or not awaited), the socket closes by itself.
    this.#socket.once('finish', () => this.#socket.destroySoon());
    this.#queue.end(last);
  }

  destroy(why: CloseReason = 'us'): void {
    this.#because(why);
    this.#socket.destroy();
  }

  #because(why: CloseReason): void {
    this.#why ??= why;
  }

  #begin(first: Buffer, ears: RawEars): void {
    if (this.#socket.destroyed) return;
    const hear = (bytes: Buffer): void => {
      if (this.#why === null) ears.data(bytes);
    };
    if (first.length > 0) hear(first);
    this.#socket.on('data', hear);
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  #peerEnded(ears: RawEars): void {
    if (this.#why !== null) return;
    if (ears.ended !== undefined) {
      ears.ended();
      return;
    }
    this.#because('peer');
    this.#queue.end();
  }

  #onClose(ears: RawEars): void {
    this.established();
    this.#because('peer');
    ears.closed(this.#why ?? 'peer');
  }
}

import type { Principal } from '../../../domain/principal.ts';
import { InboundGate, type Pausable } from '../../kit/inbound-gate.ts';
import type { Desk } from '../desk.ts';
import { encode } from '../encode.ts';
import type { ToClient } from '../messages.ts';
import { Pipeline, type Turn } from './pipeline.ts';
import type { Asking, Reply } from './reply.ts';

/** The wire below a client's life. */
export interface ClientWire extends Pausable {
  send(text: string): void;
  /** Replaces what waits to be sent under the same key. */
  sendLatest(key: string, text: string): void;
  /** Settles when the peer has taken enough; false: it is gone. */
  ready(): Promise<boolean>;
  destroy(): void;
}

type Observation = Parameters<Asking['observe']>[0];

/** A client's requests and answers: in order, bounded, with at most one observation. */
export class ClientLink {
  readonly #desk: Desk;
  readonly #wire: ClientWire;
  readonly #pipeline: Pipeline;
  readonly #gate: InboundGate;
  #observation: Observation | null = null;
  #closed = false;

  constructor(desk: Desk, wire: ClientWire) {
    this.#desk = desk;
    this.#wire = wire;
    this.#gate = new InboundGate(wire, desk.limits.pipelined);
    this.#pipeline = new Pipeline({
      deliver: (reply) => this.#deliver(reply),
      finished: (turns) => this.#gate.finish(turns),
      failed: (cause) => {
        desk.log.warn({ err: cause instanceof Error ? cause.message : String(cause) }, 'kueue:request-failed');
        wire.destroy();
      },
    });
  }

  /** Takes its turn behind what was asked before. */
  add(turn: Turn): void {
    this.#gate.begin(1);
    this.#pipeline.add(turn);
  }

  /** A word of the connection itself, in its turn. */
  say(message: ToClient, afterMs = 0): void {
    this.add({ parallel: false, start: () => this.#after(afterMs).then(() => ({ message })) });
  }

  /** Something to do when everything asked before has been answered. */
  last(call: () => void): void {
    this.add({
      parallel: false,
      start: () => {
        call();
        return Promise.resolve(null);
      },
    });
  }

  asking(by: Principal): Asking {
    return { desk: this.#desk, by, observe: (observation) => this.#observe(observation) };
  }

  close(): void {
    this.#closed = true;
    this.#pipeline.stop();
    this.#observation?.stop();
    this.#observation = null;
  }

  #after(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#desk.clock.after(ms, resolve);
    });
  }

  #observe(observation: Observation): void {
    this.#observation?.stop();
    this.#observation = observation;
    // Only the newest state matters to a client that is slow to read; the last one stays until it is read.
    observation.start((message) => this.#wire.sendLatest('observed', encode(message)));
  }

  async #deliver(reply: Reply): Promise<void> {
    if ('message' in reply) {
      this.#wire.send(encode(reply.message));
      reply.after?.();
    } else {
      for await (const piece of reply.pieces) {
        if (this.#closed) return;
        this.#wire.send(piece);
        if (!(await this.#wire.ready())) return;
      }
    }
    await this.#wire.ready();
  }
}

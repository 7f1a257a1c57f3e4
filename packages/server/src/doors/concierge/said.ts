import { wsFrame } from '../kit/ws-frame.ts';

/**
 * Something said to any number of clients: its frame is built once, when the first of them is a socket, and the bytes are shared.
 * `message`: relayed from a client, may be left out for a reader that is slow; `latest`: only the newest under this key counts.
 */
export class Said {
  readonly text: string;
  readonly kind: 'answer' | 'event' | 'message';
  readonly latest: string | null;
  /** What a service within the server hears of a message: it has no socket. */
  readonly relayed: Relayed | null;
  #frame: Buffer | null = null;

  constructor(text: string, kind: Said['kind'], more: { latest?: string | null; relayed?: Relayed } = {}) {
    this.text = text;
    this.kind = kind;
    this.latest = more.latest ?? null;
    this.relayed = more.relayed ?? null;
  }

  get frame(): Buffer {
    this.#frame ??= wsFrame('text', this.text);
    return this.#frame;
  }
}

export interface Relayed {
  /** UUID of the sender. */
  readonly from: string;
  /** JSON text. */
  readonly data: string;
}

/** How a member is spoken to. */
export interface Ear {
  /** Of its socket; empty for what lives within the server. */
  readonly address: string;
  /** Never throws and never calls back into the hub: what follows from it is done `afterwards` (`desk.ts`). */
  hear(said: Said): void;
  /** Asks for a sign of life; `call` is told whether one came, at once where that is known. */
  probe(call: (alive: boolean) => void): void;
  /** Settles when not much waits for it any more; false: it is gone. */
  ready(): Promise<boolean>;
  /** An operator sends it away. */
  remove(): void;
}

import { type Result, refuse } from '../../domain/errors.ts';

/** Long answers (streams, long polls) of this door: how many there are, and the word to end them all. */
export class DoorLife {
  readonly #most: number;
  readonly #closing = new AbortController();
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#open;
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** `signal` ends with the peer or with the door; `leave` must be called once. Refused when there are too many. */
  enter(peer: AbortSignal): Result<{ signal: AbortSignal; leave: () => void }> {
    if (this.#open >= this.#most) return refuse('too_many', `There are ${this.#most} streams open already; close some of them`);
    if (this.closing.aborted) return refuse('not_ready', 'The server is stopping');
    this.#open++;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    peer.addEventListener('abort', end, { once: true });
    this.closing.addEventListener('abort', end, { once: true });
    if (peer.aborted) end();
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      this.#open--;
      peer.removeEventListener('abort', end);
      this.closing.removeEventListener('abort', end);
    };
    return { value: { signal: ended.signal, leave } };
  }

  close(): void {
    this.#closing.abort();
  }
}

import { type Result, refuse } from '../../domain/errors.ts';

/** Long answers (streams, long polls) of this door: how many there are, and the word to end them all. */
export class DoorLife {
  readonly #most: number;
  readonly #closing = new AbortController();
  #open = 0;
  /** By the credential that they stand on, which may end before them. */
  readonly #of = new Map<string, Set<() => void>>();

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#open;
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** `signal` ends with the peer or with the door; `leave` must be called once. Refused when there are too many. `on`: the credentials (principal, session) that it stands on. */
  enter(peer: AbortSignal, on: readonly string[] = []): Result<{ signal: AbortSignal; leave: () => void }> {
    if (this.#open >= this.#most) return refuse('too_many', `There are ${this.#most} streams open already; close some of them`);
    if (this.closing.aborted) return refuse('not_ready', 'The server is stopping');
    this.#open++;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    peer.addEventListener('abort', end, { once: true });
    this.closing.addEventListener('abort', end, { once: true });
    const forgets = on.map((credential) => this.#note(credential, end));
    if (peer.aborted) end();
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      this.#open--;
      for (const forget of forgets) forget();
      peer.removeEventListener('abort', end);
      this.closing.removeEventListener('abort', end);
    };
    return { value: { signal: ended.signal, leave } };
  }

  /** Ends what stands on this credential: it is no longer good. */
  end(credential: string): void {
    for (const end of [...(this.#of.get(credential) ?? [])]) end();
  }

  #note(credential: string, end: () => void): () => void {
    const ends = this.#of.get(credential) ?? new Set();
    this.#of.set(credential, ends.add(end));
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#of.get(credential) === ends) this.#of.delete(credential);
    };
  }

  close(): void {
    this.#closing.abort();
  }
}

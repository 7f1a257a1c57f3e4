import type { SendQueue } from '../kit/send-queue.ts';

type What = 'progress' | 'structure';

interface Held {
  readonly job: number;
  readonly what: What;
  readonly frame: Buffer;
}

/** A peer that has no more than this before it is as quick as what is said to it, bytes. */
const enough = 262_144;

/**
 * What goes out of date on its way: handed on when the peer has taken what was said before; until then a newer one takes the
 * place of an older one. A change of state is never held up, and never overtaken by what came before it.
 */
export class Newest {
  readonly #queue: SendQueue;
  readonly #limit: number;
  readonly #held = new Map<string, Held>();
  #waiting = false;

  constructor(queue: SendQueue, limit: number) {
    this.#queue = queue;
    this.#limit = limit;
  }

  say(job: number, what: What, frame: Buffer): void {
    // It keeps its place in the row, so that no other waits for ever.
    this.#held.set(`${what} ${job}`, { job, what, frame });
    this.#next();
  }

  /** Before a change of this job's state: its last structure still belongs in front, its progress is said by the change. */
  changes(job: number): void {
    const structure = this.#held.get(`structure ${job}`);
    this.#held.delete(`progress ${job}`);
    this.#held.delete(`structure ${job}`);
    if (structure !== undefined) this.#push(structure.frame);
  }

  clear(): void {
    this.#held.clear();
  }

  #next(): void {
    for (const [key, { frame }] of this.#held) {
      if (this.#queue.waiting > enough) break;
      this.#held.delete(key);
      this.#push(frame);
    }
    if (this.#held.size === 0 || this.#waiting) return;
    this.#waiting = true;
    void this.#queue.whenBelow(enough).then((open) => {
      this.#waiting = false;
      if (open) this.#next();
      else this.clear();
    });
  }

  /** One that would be too much is left out: the peer is not given up for it. */
  #push(frame: Buffer): void {
    if (this.#queue.waiting + frame.length <= this.#limit) this.#queue.push(frame);
  }
}

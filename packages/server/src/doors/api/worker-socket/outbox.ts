import { type Flushable, type Flusher, flusher as shared } from '../../kit/flusher.ts';
import type { SendQueue } from '../../kit/send-queue.ts';
import { wsFrame } from '../../kit/ws-frame.ts';

/** A frame is closed when it has grown to this; a single larger message is a frame of its own. */
const frameChars = 1_048_576;

/** Messages for one worker, as JSON text. What one turn says is one frame; nothing leaves before `open`. */
export class Outbox implements Flushable {
  readonly #queue: SendQueue;
  readonly #flusher: Flusher;
  readonly #latest = new Map<string, number>();
  #texts: string[] = [];
  #chars = 0;
  #open = false;

  constructor(queue: SendQueue, flusher: Flusher = shared) {
    this.#queue = queue;
    this.#flusher = flusher;
  }

  put(text: string): void {
    this.#texts.push(text);
    this.#chars += text.length;
    if (!this.#open) return;
    if (this.#chars >= frameChars) this.flush();
    else this.#flusher.add(this);
  }

  /** Newest wins among what has not left yet. */
  putLatest(key: string, text: string): void {
    const waiting = this.#latest.get(key);
    if (waiting !== undefined) {
      this.#texts[waiting] = text;
      return;
    }
    this.#latest.set(key, this.#texts.length);
    this.put(text);
  }

  /** `first` goes before everything that was said meanwhile. */
  open(first: string): void {
    this.#open = true;
    this.#latest.clear();
    this.#texts.unshift(first);
    this.flush();
  }

  flush(): void {
    if (!this.#open || this.#texts.length === 0) return;
    const frame = wsFrame('text', `[${this.#texts.join(',')}]`);
    this.#texts = [];
    this.#chars = 0;
    this.#latest.clear();
    this.#queue.push(frame);
    this.#queue.flush();
  }
}

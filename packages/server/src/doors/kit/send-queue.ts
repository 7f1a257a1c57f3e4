import type { Duplex } from 'node:stream';
import { type Flushable, type Flusher, flusher as shared } from './flusher.ts';

export interface SendQueueOptions {
  /** Bytes waiting here and in the socket, at most. */
  readonly limit: number;
  /**
   * What to do with a peer that does not read: leave the new message out, give the peer up, or leave out what waits longest of
   * the droppable messages (and give the peer up when that is not enough).
   */
  readonly onFull: 'drop' | 'close' | 'drop-oldest';
  /** Called once, when the peer is given up; the queue takes nothing more from then on. Default: the socket is destroyed. */
  readonly onOverflow?: () => void;
  readonly flusher?: Flusher;
}

/** Handed to the socket in one write, at most; the rest waits here, where newest-wins values can still be replaced. */
const joined = 262_144;

/** `drop-oldest` makes room for more than the one message, so that it need not look through the queue for every one. */
const keptShare = 0.75;

interface Entry {
  bytes: Uint8Array;
  readonly key: string | null;
  readonly droppable: boolean;
}

/**
 * What is said to one peer, over any stream: bytes as they go on the wire (a WebSocket's frames are built before, once for all
 * peers). Order is kept; what one turn says leaves as one write; bounded in bytes.
 */
export class SendQueue implements Flushable {
  readonly #out: Duplex;
  readonly #options: SendQueueOptions;
  readonly #flusher: Flusher;
  readonly #latest = new Map<string, Entry>();
  readonly #waiters: { readonly below: number; readonly call: (open: boolean) => void }[] = [];
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;
  #closed = false;
  #dropped = 0;

  constructor(out: Duplex, options: SendQueueOptions) {
    this.#out = out;
    this.#options = options;
    this.#flusher = options.flusher ?? shared;
    out.on('drain', () => {
      this.#settle();
      this.flush();
    });
    out.on('close', () => this.close());
  }

  /** Bytes not yet handed to the system. */
  get waiting(): number {
    return this.#bytes + this.#out.writableLength;
  }

  /**
   * Settles when no more than `below` bytes wait (at least 64 KiB are meant: less is not told by the system); false: closed.
   * For whoever makes its next piece only when the peer has taken the last ones.
   */
  whenBelow(below: number): Promise<boolean> {
    if (this.#closed || this.waiting <= below) return Promise.resolve(!this.#closed);
    return new Promise((call) => this.#waiters.push({ below, call }));
  }

  /** Messages left out because the peer did not read (`drop`, `drop-oldest`). */
  get dropped(): number {
    return this.#dropped;
  }

  /** False: it was not taken (queue full or closed). */
  push(bytes: Uint8Array): boolean {
    return this.#add(bytes, null, false);
  }

  /** Like `push`, for what may be left out (`drop-oldest`). */
  pushDroppable(bytes: Uint8Array): boolean {
    return this.#add(bytes, null, true);
  }

  /** Newest wins: replaces what waits under this key, in its place. */
  pushLatest(key: string, bytes: Uint8Array): boolean {
    const waiting = this.#latest.get(key);
    if (waiting === undefined) return this.#add(bytes, key, true);
    if (this.waiting - waiting.bytes.length + bytes.length > this.#options.limit) return this.#full();
    this.#bytes += bytes.length - waiting.bytes.length;
    waiting.bytes = bytes;
    return true;
  }

  /** Writes now what the socket takes. */
  flush(): void {
    const out = this.#out;
    while (!this.#closed && this.#first < this.#entries.length) {
      if (out.destroyed || out.writableEnded || out.writableNeedDrain) return;
      out.write(this.#take());
    }
    this.#settle();
  }

  /** Takes nothing more and forgets what waits. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#latest.clear();
    this.#settle();
  }

  #settle(): void {
    if (this.#waiters.length === 0) return;
    const { waiting } = this;
    for (const waiter of this.#waiters.splice(0)) {
      if (this.#closed || waiting <= waiter.below) waiter.call(!this.#closed);
      else this.#waiters.push(waiter);
    }
  }

  /** Writes all that waits, however slow the peer, and then ends the stream. */
  end(last?: Uint8Array): void {
    if (last !== undefined) this.push(last);
    const out = this.#out;
    if (!this.#closed && !out.destroyed && !out.writableEnded) {
      while (this.#first < this.#entries.length) out.write(this.#take());
      out.end();
    }
    this.close();
  }

  #add(bytes: Uint8Array, key: string | null, droppable: boolean): boolean {
    if (this.#closed) return false;
    if (this.waiting + bytes.length > this.#options.limit && !this.#makeRoom(bytes.length)) return this.#full();
    const entry = { bytes, key, droppable };
    this.#entries.push(entry);
    if (key !== null) this.#latest.set(key, entry);
    this.#bytes += bytes.length;
    this.#flusher.add(this);
    return true;
  }

  #makeRoom(needed: number): boolean {
    const { limit, onFull } = this.#options;
    if (onFull !== 'drop-oldest') return false;
    let excess = this.waiting + needed - limit * keptShare;
    const kept: Entry[] = [];
    for (const entry of this.#entries.slice(this.#first)) {
      if (excess <= 0 || !entry.droppable) {
        kept.push(entry);
        continue;
      }
      excess -= entry.bytes.length;
      this.#bytes -= entry.bytes.length;
      this.#dropped++;
      if (entry.key !== null) this.#latest.delete(entry.key);
    }
    this.#entries = kept;
    this.#first = 0;
    return this.waiting + needed <= limit;
  }

  #full(): false {
    this.#dropped++;
    if (this.#closed || this.#options.onFull === 'drop') return false;
    this.close();
    if (this.#options.onOverflow === undefined) this.#out.destroy();
    else this.#options.onOverflow();
    return false;
  }

  /** The next bytes, joined up to `joined`; at least one entry whatever its size. */
  #take(): Uint8Array {
    const from = this.#first;
    let size = 0;
    let next = from;
    for (; next < this.#entries.length; next++) {
      const entry = this.#entries[next];
      if (entry === undefined || (next > from && size + entry.bytes.length > joined)) break;
      size += entry.bytes.length;
      if (entry.key !== null) this.#latest.delete(entry.key);
    }
    const parts = this.#entries.slice(from, next).map((entry) => entry.bytes);
    this.#first = next;
    this.#bytes -= size;
    this.#shrink();
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size);
  }

  #shrink(): void {
    if (this.#first === this.#entries.length) this.#entries = [];
    else if (this.#first > 1_024) this.#entries = this.#entries.slice(this.#first);
    else return;
    this.#first = 0;
  }
}

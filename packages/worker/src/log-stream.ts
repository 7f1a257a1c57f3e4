import { encodeLogFrame, logFrame, type LogStream as StreamName } from '@switchyard/sdk/worker-wire.ts';
import { limits } from './limits.ts';
import type { LogSpool } from './log-spool.ts';
import type { System, Timer } from './system.ts';

export interface LogLine {
  readonly task: number;
  readonly attempt: number;
  readonly stream: StreamName;
}

export interface LogStreamDeps {
  readonly system: System;
  readonly spool: () => LogSpool;
  /** Sends a frame now. Called only between `online` and `offline`. */
  readonly send: (frame: Uint8Array) => void;
  /** Everything that has come so far has been sent in this connection. */
  readonly allSent: () => void;
}

/** The pipe that it reads from: told to wait while the server is slow. */
export interface Source {
  pause(): unknown;
  resume(): unknown;
}

interface Kept {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * One output stream of one attempt on its way to the server. Keeps what the server has not committed, at most a window of
 * it: while connected the pipe waits for room, while not connected the rest goes to the spool. Bytes leave in order.
 */
export class LogStream {
  readonly #at: LogLine;
  readonly #deps: LogStreamDeps;
  #source: Source | null = null;
  #paused = false;
  #online = false;
  #produced = 0;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #timer: Timer | null = null;
  /** In order, uncommitted. The first `#sentCount` of them were sent in this connection. */
  #kept: Kept[] = [];
  #keptBytes = 0;
  #sentCount = 0;
  #spool: LogSpool | null = null;
  #state: 'open' | 'leaving' | 'closed' = 'open';

  constructor(at: LogLine, deps: LogStreamDeps, online: boolean) {
    this.#at = at;
    this.#deps = deps;
    this.#online = online;
  }

  get produced(): number {
    return this.#produced;
  }

  /** The task is not silent: it is we who do not listen. */
  get paused(): boolean {
    return this.#paused;
  }

  get sent(): boolean {
    return this.#online && this.#batchBytes === 0 && this.#sentCount === this.#kept.length && this.#spoolEmpty();
  }

  attach(source: Source): void {
    this.#source = source;
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'closed' || (this.#state === 'leaving' && this.#full())) {
      this.#produced += bytes.length;
      return;
    }
    if (!this.#spoolEmpty() || (!this.#online && this.#full())) {
      this.#spill(bytes);
      return;
    }
    this.#produced += bytes.length;
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    if (this.#batchBytes >= limits.logBatch || this.#batch.length >= limits.logChunks) this.flush();
    else this.#timer ??= this.#deps.system.after(limits.logDelayMs, () => this.flush());
    this.#balance();
  }

  /** What was gathered becomes a frame and is sent, or kept for the next connection. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#batchBytes === 0) return;
    const [first] = this.#batch;
    const bytes = this.#batch.length === 1 && first !== undefined ? first : Buffer.concat(this.#batch, this.#batchBytes);
    const offset = this.#produced - this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    for (let from = 0; from < bytes.length; from += logFrame.maxBytes) {
      this.#keep({ offset: offset + from, bytes: bytes.subarray(from, from + logFrame.maxBytes) });
    }
    this.#sendKept();
  }

  /** A new connection; the server has committed so many bytes of this stream. */
  online(committed: number): void {
    this.#online = true;
    this.#sentCount = 0;
    this.#drop(committed);
    this.#sendKept();
    this.#unspool();
  }

  offline(): void {
    this.#online = false;
    this.#sentCount = 0;
    this.#balance();
  }

  committed(length: number): void {
    this.#drop(length);
    this.#unspool();
  }

  /** The rest matters little: from now on the task is never kept waiting, what does not fit is lost. */
  leave(): void {
    if (this.#state === 'open') this.#state = 'leaving';
    this.#balance();
  }

  /** Nothing more is sent or kept; the pipe is read to its end. */
  close(): void {
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#timer = null;
    this.#spool?.close();
    this.#spool = null;
    this.#kept = [];
    this.#batch = [];
    this.#batchBytes = 0;
    this.#keptBytes = 0;
    this.#sentCount = 0;
    this.#balance();
  }

  #full(): boolean {
    return this.#keptBytes + this.#batchBytes >= limits.logWindow;
  }

  #spoolEmpty(): boolean {
    return this.#spool === null || this.#spool.empty;
  }

  #spill(bytes: Uint8Array): void {
    // What was gathered comes before it.
    this.flush();
    this.#spool ??= this.#deps.spool();
    this.#spool.append(this.#produced, bytes);
    this.#produced += bytes.length;
    this.#balance();
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    this.#keptBytes += kept.bytes.length;
  }

  #sendKept(): void {
    if (!this.#online) return;
    const { task, attempt, stream } = this.#at;
    for (; this.#sentCount < this.#kept.length; this.#sentCount += 1) {
      const kept = this.#kept[this.#sentCount];
      if (kept !== undefined) this.#deps.send(encodeLogFrame(task, attempt, stream, kept.offset, kept.bytes));
    }
    if (this.sent) this.#deps.allSent();
  }

  #drop(committed: number): void {
    let count = 0;
    for (const { offset, bytes } of this.#kept) {
      if (offset + bytes.length > committed) break;
      count += 1;
      this.#keptBytes -= bytes.length;
    }
    this.#kept.splice(0, count);
    this.#sentCount = Math.max(0, this.#sentCount - count);
    const [first] = this.#kept;
    if (first === undefined || first.offset >= committed) return;
    const rest = { offset: committed, bytes: first.bytes.subarray(committed - first.offset) };
    this.#keptBytes -= first.bytes.length - rest.bytes.length;
    this.#kept[0] = rest;
  }

  /** From disk to the server, as far as the window allows; then the pipe may flow again. */
  #unspool(): void {
    while (this.#online && this.#spool !== null && !this.#spool.empty && !this.#full()) {
      const piece = this.#spool.read(logFrame.maxBytes);
      if (piece !== null) this.#keep(piece);
    }
    if (this.#spool?.empty) {
      this.#spool.close();
      this.#spool = null;
    }
    this.#sendKept();
    this.#balance();
  }

  #balance(): void {
    const wait = this.#state === 'open' && this.#online && (this.#full() || !this.#spoolEmpty());
    if (wait === this.#paused) return;
    this.#paused = wait;
    if (wait) this.#source?.pause();
    else this.#source?.resume();
  }
}

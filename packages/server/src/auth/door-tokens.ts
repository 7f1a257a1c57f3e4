import { hash } from 'node:crypto';
import type { Clock, Random, Timer } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

/** A peer of a door whose clients get a token of their own for each visit: 32 letters and digits, kept as a hash. */
export interface DoorSession<F> {
  /** Short, no secret: for owners and logs. */
  readonly id: string;
  /** What the door wants to know of it, also after a restart. */
  readonly facts: F;
}

export interface DoorTokensOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  readonly collection: string;
  /** Without a sign of life and without anybody who holds it, ms. After a start each begins anew. */
  readonly graceMs: number;
  /** Whoever has been quiet for longest makes room. */
  readonly most: number;
  readonly onError: (error: unknown) => void;
}

export interface DoorTokens<F> {
  /** The token is shown this once, when it is on disk. */
  issue(facts: F): Promise<{ readonly token: string; readonly session: DoorSession<F> }>;
  /** Null: unknown or over. A sign of life. */
  find(token: string): DoorSession<F> | null;
  /** While it is held (by an open connection) it does not end. What it returns lets go, once. */
  hold(session: DoorSession<F>): () => void;
  onEnded(call: (session: DoorSession<F>) => void): void;
  readonly count: number;
  close(): Promise<void>;
}

const length = 32;
/** Whatever happens: nobody visits for longer. */
const oldestMs = 30 * 86_400_000;
const sweepMs = 60_000;

interface Stored<F> {
  readonly id: string;
  readonly facts: F;
  readonly createdAt: number;
}

interface Entry<F> extends DoorSession<F> {
  readonly hash: string;
  readonly createdAt: number;
  /** Monotonic. */
  seenAt: number;
  holders: number;
}

export async function openDoorTokens<F>(options: DoorTokensOptions): Promise<DoorTokens<F>> {
  const tokens = new Tokens<F>(options);
  await tokens.load();
  return tokens;
}

class Tokens<F> implements DoorTokens<F> {
  readonly #options: DoorTokensOptions;
  /** In the order of their last sign of life. */
  readonly #entries = new Map<string, Entry<F>>();
  readonly #listeners: ((session: DoorSession<F>) => void)[] = [];
  readonly #writing = new Set<Promise<unknown>>();
  #timer: Timer | null = null;
  #closed = false;

  constructor(options: DoorTokensOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#entries.size;
  }

  async load(): Promise<void> {
    const { records, collection, clock } = this.#options;
    for (const { key, value } of await records.list<Stored<F>>(collection)) {
      this.#keep({ ...value, hash: key, seenAt: clock.monotonic(), holders: 0 });
    }
    this.#sweep();
  }

  async issue(facts: F): Promise<{ token: string; session: DoorSession<F> }> {
    const { records, collection, clock, random } = this.#options;
    const token = letters(random);
    const key = digest(token);
    const id = random.uuid().slice(0, 8);
    const createdAt = clock.now();
    this.#makeRoom();
    const stored: Stored<F> = { id, facts, createdAt };
    const put = await records.put(collection, key, stored, null);
    if (!put.ok) throw new Error('a fresh token was there already');
    const entry = { id, facts, createdAt, hash: key, seenAt: clock.monotonic(), holders: 0 };
    this.#keep(entry);
    this.#arm();
    return { token, session: entry };
  }

  find(token: string): DoorSession<F> | null {
    if (token.length !== length) return null;
    const entry = this.#entries.get(digest(token));
    if (entry === undefined || this.#over(entry)) return null;
    this.#seen(entry);
    return entry;
  }

  hold(session: DoorSession<F>): () => void {
    const entry = session as Entry<F>;
    entry.holders++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      entry.holders--;
      this.#seen(entry);
    };
  }

  onEnded(call: (session: DoorSession<F>) => void): void {
    this.#listeners.push(call);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all(this.#writing);
  }

  #keep(entry: Entry<F>): void {
    this.#entries.set(entry.hash, entry);
  }

  #seen(entry: Entry<F>): void {
    entry.seenAt = this.#options.clock.monotonic();
    if (!this.#entries.delete(entry.hash)) return;
    this.#keep(entry);
  }

  #over({ seenAt, holders, createdAt }: Entry<F>): boolean {
    const { clock, graceMs } = this.#options;
    if (clock.now() - createdAt > oldestMs && holders === 0) return true;
    return holders === 0 && clock.monotonic() - seenAt > graceMs;
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#options.most) return;
    for (const entry of this.#entries.values()) {
      if (entry.holders > 0) continue;
      this.#end(entry);
      return;
    }
  }

  #arm(): void {
    if (this.#timer !== null || this.#closed || this.#entries.size === 0) return;
    this.#timer = this.#options.clock.after(sweepMs, () => {
      this.#timer = null;
      this.#sweep();
    });
  }

  #sweep(): void {
    for (const entry of this.#entries.values()) if (this.#over(entry)) this.#end(entry);
    this.#arm();
  }

  #end(entry: Entry<F>): void {
    const { records, collection, onError } = this.#options;
    this.#entries.delete(entry.hash);
    const gone = records
      .delete(collection, entry.hash)
      .catch(onError)
      .finally(() => this.#writing.delete(gone));
    this.#writing.add(gone);
    for (const call of this.#listeners) call(entry);
  }
}

/** A plain hash is enough: nobody guesses 190 random bits. */
const digest = (token: string): string => hash('sha256', token, 'base64url');

function letters(random: Random): string {
  let text = '';
  while (text.length < length) text += random.secret(length).replaceAll(/[^A-Za-z0-9]/g, '');
  return text.slice(0, length);
}

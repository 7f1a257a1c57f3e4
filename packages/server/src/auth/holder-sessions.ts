import type { Millis } from '../domain/ids.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { RecordOf, Records } from '../ports/records.ts';
import { changeRecord } from './change-record.ts';
import type { RecordCache } from './record-cache.ts';
import {
  noteDue,
  type SessionEntry,
  type SessionKind,
  secretHash,
  sessionIdBytes,
  sessionOf,
  sessionSecretBytes,
  usedSession,
  withSession,
} from './session-list.ts';

export interface Holder {
  readonly sessions?: readonly SessionEntry[];
}

export interface NewSession {
  readonly kind: SessionKind;
  readonly ms: Millis;
  readonly from: string;
}

export interface Opened<T> {
  readonly record: RecordOf<T>;
  readonly entry: SessionEntry;
  /** Shown this once; null for a JWT, which proves itself. */
  readonly secret: string | null;
}

interface Deps<T> {
  readonly records: Records;
  readonly collection: string;
  readonly cache: RecordCache<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
}

/** The sessions that stand in records of one collection (`session-list.ts`). */
export class HolderSessions<T extends Holder> {
  readonly #deps: Deps<T>;
  readonly #notes = new Map<string, Promise<void>>();

  constructor(deps: Deps<T>) {
    this.#deps = deps;
  }

  /** Null: the holder is gone, or `still` says that it is not as it was when it proved itself. */
  async open(key: string, request: NewSession, still: (value: T) => boolean): Promise<Opened<T> | null> {
    const { records, collection, cache, clock, random } = this.#deps;
    const now = clock.now();
    const secret = request.kind === 'jwt' ? null : random.secret(sessionSecretBytes);
    const entry: SessionEntry = {
      id: random.secret(sessionIdBytes),
      hash: secret === null ? null : secretHash(secret),
      kind: request.kind,
      createdAt: now,
      expiresAt: now + request.ms,
      lastUsedAt: now,
      from: request.from.slice(0, 200),
    };
    const record = await changeRecord<T>(records, collection, key, (value) =>
      still(value) ? { ...value, sessions: withSession(value.sessions ?? [], entry, now) } : null,
    );
    cache.drop(key);
    return record === null ? null : { record, entry, secret };
  }

  /** Who holds it; null: unknown, expired, ended, or the proof does not fit. */
  async find(
    key: string,
    proof: { readonly id: string; readonly secret: string | null },
  ): Promise<{ readonly record: RecordOf<T>; readonly entry: SessionEntry } | null> {
    const { records, collection, cache, clock } = this.#deps;
    // Taken before anything is read: what was read before a session ended is not remembered after it.
    const remember = cache.reading();
    let record = cache.get(key);
    if (record === null) {
      record = await records.get<T>(collection, key);
      if (record !== null) remember(record);
    }
    const entry = record === null ? null : sessionOf(record.value.sessions ?? [], proof, clock.now());
    if (record === null || entry === null) return null;
    this.#noteUse(key, entry);
    return { record, entry };
  }

  /** Ends those that are not kept, at once. False: nothing was ended. */
  async end(key: string, ends: (entry: SessionEntry) => boolean): Promise<boolean> {
    const { records, collection, cache } = this.#deps;
    const done = await changeRecord<T>(records, collection, key, (value) => {
      const sessions = value.sessions ?? [];
      return sessions.some(ends) ? { ...value, sessions: sessions.filter((entry) => !ends(entry)) } : null;
    });
    cache.clear();
    return done !== null;
  }

  /** Waits for notes of last use that are under way. */
  async close(): Promise<void> {
    while (this.#notes.size > 0) await Promise.all(this.#notes.values());
  }

  /** Nobody waits for it. */
  #noteUse(key: string, entry: SessionEntry): void {
    const { records, collection, cache, clock, onError } = this.#deps;
    const now = clock.now();
    const { id } = entry;
    if (this.#notes.has(id) || !noteDue(entry, now)) return;
    const note = changeRecord<T>(records, collection, key, (value) => {
      const sessions = usedSession(value.sessions ?? [], id, now);
      return sessions === null ? null : { ...value, sessions };
    })
      .then(() => cache.drop(key))
      .catch(onError)
      .finally(() => this.#notes.delete(id));
    this.#notes.set(id, note);
  }
}

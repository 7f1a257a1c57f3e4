import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import type { Principal, Role } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { RecordOf, Records } from '../ports/records.ts';
import { type Ended, Endings } from './endings.ts';
import { HolderSessions, type NewSession } from './holder-sessions.ts';
import { createRecordCache, type Remember } from './record-cache.ts';
import { type SessionEntry, type SessionText, sessionText } from './session-list.ts';
import { isLive, principalOf, type TokenRecord, tokenCollection } from './token-record.ts';
import { hashOf, matches, parseToken, secretBytes, tokenText } from './token-text.ts';

export interface TokensOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  /** The note of a token's last use could not be kept; nothing else suffers. */
  readonly onError: (error: unknown) => void;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt?: Millis | null;
  readonly kinds?: readonly string[] | null;
}

/** A token as people may see it. */
export interface TokenInfo extends Omit<TokenRecord, 'hash' | 'sessions'> {
  readonly id: string;
}

export interface Tokens {
  /**
   * The token's text is shown this once. `handOver` gets it before it becomes valid: what it writes to a file is never missing
   * for a token that exists.
   */
  create(
    by: Principal,
    request: NewToken,
    handOver?: (token: string) => Promise<void>,
  ): Promise<Result<{ token: string; info: TokenInfo }>>;
  /** Revoked ones included, by id. */
  list(): Promise<TokenInfo[]>;
  /** False: there is no such token, or it is revoked already. Holds from the answer on. */
  revoke(id: string): Promise<boolean>;
  /** Null: unknown, expired, revoked, or no token at all. */
  authenticate(token: string): Promise<Principal | null>;
  /** Lets a web page in on this token, for a while at most. Null: there is no such live token. */
  openSession(id: string, request: NewSession): Promise<{ readonly token: string; readonly entry: SessionEntry } | null>;
  /** Null: unknown, expired or ended, or its token is. */
  session(text: SessionText & { holder: { token: string } }): Promise<{ principal: Principal; entry: SessionEntry } | null>;
  sessions(id: string): Promise<readonly SessionEntry[]>;
  /** False: there is no such session. */
  endSession(id: string, session: string): Promise<boolean>;
  /** Tokens and sessions that are over before their time, when it has been written down. */
  onEnded(call: (ended: Ended) => void): () => void;
  /** Another server changed tokens: what is remembered is read again. (It is anyway, after half a minute.) */
  refresh(): void;
  /** Waits for notes of last use that are under way. */
  close(): Promise<void>;
}

export function createTokens(options: TokensOptions): Tokens {
  return new StoredTokens(options);
}

const minute = 60_000;
/** Conflicts with other writers of the same record before giving up: each means that somebody else got through. */
const tries = 20;

class StoredTokens implements Tokens {
  readonly #options: TokensOptions;
  readonly #cache;
  readonly #sessions: HolderSessions<TokenRecord>;
  readonly #endings = new Endings();
  readonly #notes = new Set<Promise<void>>();

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#cache = createRecordCache<TokenRecord>(options.clock);
    this.#sessions = new HolderSessions({ ...options, collection: tokenCollection, cache: this.#cache });
  }

  async create(by: Principal, request: NewToken, handOver?: (token: string) => Promise<void>): ReturnType<Tokens['create']> {
    const { records, clock, random } = this.#options;
    const now = clock.now();
    const expiresAt = request.expiresAt ?? null;
    if (expiresAt !== null && !(expiresAt > now)) return refuse('invalid', 'A token has to expire in the future', '/expiresAt');
    const secret = random.secret(secretBytes);
    const record: TokenRecord = {
      name: request.name,
      role: request.role,
      hash: hashOf(secret),
      kinds: request.kinds ?? null,
      createdBy: by.id,
      createdAt: now,
      expiresAt,
      lastUsedAt: null,
      revokedAt: null,
    };
    for (let left = tries; left > 0; left--) {
      const id = await this.#nextId();
      const token = tokenText({ id, secret });
      await handOver?.(token);
      const put = await records.put(tokenCollection, id, record, null);
      if (put.ok) return { value: { token, info: infoOf(id, record) } };
    }
    return refuse('conflict', 'Too many tokens are being made at once: try again');
  }

  /** Records are never removed, so one more than the highest was never used. */
  async #nextId(): Promise<string> {
    const all = await this.#options.records.list<TokenRecord>(tokenCollection);
    return String(all.reduce((highest, { key }) => Math.max(highest, Number(key)), 0) + 1);
  }

  async list(): Promise<TokenInfo[]> {
    const all = await this.#options.records.list<TokenRecord>(tokenCollection);
    return all.map(({ key, value }) => infoOf(key, value)).sort((a, b) => Number(a.id) - Number(b.id));
  }

  async revoke(id: string): Promise<boolean> {
    const { records, clock } = this.#options;
    for (let left = tries; left > 0; left--) {
      const found = await records.get<TokenRecord>(tokenCollection, id);
      if (found === null || found.value.revokedAt !== null) return false;
      const revoked: TokenRecord = { ...found.value, hash: '', revokedAt: clock.now(), sessions: [] };
      const put = await records.put(tokenCollection, id, revoked, found.revision);
      if (!put.ok) continue;
      this.#cache.clear();
      this.#endings.tell({ principal: `token:${id}`, session: null });
      return true;
    }
    throw new Error(`the record of token ${id} changes all the time`);
  }

  async authenticate(token: string): Promise<Principal | null> {
    const text = parseToken(token);
    if (text === null) return null;
    // Taken before anything is read: what was read before a revocation is not remembered after it, on no way.
    const remember = this.#cache.reading();
    const found = this.#cache.get(text.id) ?? (await this.#read(text.id, remember));
    if (found === null || !matches(text.secret, found.value.hash)) return null;
    if (!isLive(found.value, this.#options.clock.now())) return null;
    this.#noteUse(found, remember);
    return principalOf(text.id, found.value);
  }

  async #read(id: string, remember: Remember<TokenRecord>): Promise<RecordOf<TokenRecord> | null> {
    const found = await this.#options.records.get<TokenRecord>(tokenCollection, id);
    if (found !== null) remember(found);
    return found;
  }

  /** At most once a minute and token. Nobody waits for it, and losing it to another writer is no loss. */
  #noteUse(found: RecordOf<TokenRecord>, remember: Remember<TokenRecord>): void {
    const now = this.#options.clock.now();
    const last = found.value.lastUsedAt;
    if (last !== null && now - last < minute && now >= last) return;
    const used = { ...found, value: { ...found.value, lastUsedAt: now } };
    remember(used);
    const note = this.#keepUse(used, found.revision, remember)
      .catch(this.#options.onError)
      .finally(() => this.#notes.delete(note));
    this.#notes.add(note);
  }

  async #keepUse(used: RecordOf<TokenRecord>, revision: number, remember: Remember<TokenRecord>): Promise<void> {
    const put = await this.#options.records.put(tokenCollection, used.key, used.value, revision);
    if (put.ok) remember({ ...used, revision: put.revision });
    else this.#cache.drop(used.key);
  }

  async openSession(id: string, request: NewSession): ReturnType<Tokens['openSession']> {
    const now = this.#options.clock.now();
    const opened = await this.#sessions.open(id, request, (record) => isLive(record, now));
    if (opened === null || opened.secret === null) return null;
    const { entry, secret } = opened;
    return { token: sessionText({ holder: { token: id }, id: entry.id, secret }), entry };
  }

  async session({ holder, id, secret }: Parameters<Tokens['session']>[0]): ReturnType<Tokens['session']> {
    const found = await this.#sessions.find(holder.token, { id, secret });
    if (found === null || !isLive(found.record.value, this.#options.clock.now())) return null;
    const principal = principalOf(holder.token, found.record.value);
    return principal === null ? null : { principal, entry: found.entry };
  }

  async sessions(id: string): Promise<readonly SessionEntry[]> {
    return (await this.#options.records.get<TokenRecord>(tokenCollection, id))?.value.sessions ?? [];
  }

  async endSession(id: string, session: string): Promise<boolean> {
    const ended = await this.#sessions.end(id, (entry) => entry.id === session);
    if (ended) this.#endings.tell({ principal: `token:${id}`, session });
    return ended;
  }

  onEnded(call: (ended: Ended) => void): () => void {
    return this.#endings.listen(call);
  }

  refresh(): void {
    this.#cache.clear();
  }

  async close(): Promise<void> {
    while (this.#notes.size > 0) await Promise.all(this.#notes);
    await this.#sessions.close();
  }
}

function infoOf(id: string, { hash: _, sessions: __, ...rest }: TokenRecord): TokenInfo {
  return { id, ...rest };
}

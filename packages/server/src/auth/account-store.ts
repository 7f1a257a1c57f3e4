import type { Clock, Random } from '../ports/clock.ts';
import type { RecordOf, Records } from '../ports/records.ts';
import { type AccountRecord, accountCollection, foldName } from './account-record.ts';
import { changeRecord } from './change-record.ts';
import { HolderSessions } from './holder-sessions.ts';
import { createRecordCache, type RecordCache } from './record-cache.ts';

export interface AccountStoreOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  /** The note of a session's last use could not be kept; nothing else suffers. */
  readonly onError: (error: unknown) => void;
}

/** Accounts in the records: unique by name, found by name or id. */
export class AccountStore {
  readonly #options: AccountStoreOptions;
  readonly #cache: RecordCache<AccountRecord>;
  readonly sessions: HolderSessions<AccountRecord>;
  /** Key of the record by account id. Read at the start; this server is the only one that writes them. */
  readonly #keys: Map<string, string>;

  private constructor(options: AccountStoreOptions, keys: Map<string, string>) {
    this.#options = options;
    this.#keys = keys;
    this.#cache = createRecordCache(options.clock);
    this.sessions = new HolderSessions({ ...options, collection: accountCollection, cache: this.#cache });
  }

  static async open(options: AccountStoreOptions): Promise<AccountStore> {
    const all = await options.records.list<AccountRecord>(accountCollection);
    return new AccountStore(options, new Map(all.map(({ key, value }) => [value.id, key])));
  }

  get count(): number {
    return this.#keys.size;
  }

  keyOf(id: string): string | null {
    return this.#keys.get(id) ?? null;
  }

  async byName(username: string): Promise<AccountRecord | null> {
    return (await this.#read(foldName(username)))?.value ?? null;
  }

  async byId(id: string): Promise<AccountRecord | null> {
    const key = this.keyOf(id);
    const found = key === null ? null : await this.#read(key);
    return found?.value.id === id ? found.value : null;
  }

  async list(): Promise<AccountRecord[]> {
    return (await this.#options.records.list<AccountRecord>(accountCollection)).map(({ value }) => value);
  }

  /** False: the name is taken. */
  async add(record: AccountRecord): Promise<boolean> {
    const key = foldName(record.username);
    const { ok } = await this.#options.records.put(accountCollection, key, record, null);
    if (ok) this.#keys.set(record.id, key);
    return ok;
  }

  /** Null: it is gone, or `change` wants nothing written. Holds from the answer on. */
  async change(id: string, change: (record: AccountRecord) => AccountRecord | null): Promise<AccountRecord | null> {
    const key = this.keyOf(id);
    if (key === null) return null;
    // An account of the same name that came after this one is left alone.
    const only = (record: AccountRecord): AccountRecord | null => (record.id === id ? change(record) : null);
    const done = await changeRecord<AccountRecord>(this.#options.records, accountCollection, key, only);
    this.#cache.clear();
    return done?.value ?? null;
  }

  async remove(id: string): Promise<boolean> {
    const key = this.keyOf(id);
    if (key === null || !this.#keys.delete(id)) return false;
    const gone = await this.#options.records.delete(accountCollection, key);
    this.#cache.clear();
    return gone;
  }

  async #read(key: string): Promise<RecordOf<AccountRecord> | null> {
    const remember = this.#cache.reading();
    const known = this.#cache.get(key);
    if (known !== null) return known;
    const found = await this.#options.records.get<AccountRecord>(accountCollection, key);
    if (found !== null) remember(found);
    return found;
  }
}

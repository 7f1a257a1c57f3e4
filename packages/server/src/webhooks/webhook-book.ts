import type { Records } from '../ports/records.ts';
import { type KeptWebhook, newState, type Webhook, type WebhookState } from './record.ts';

const collection = 'webhook';
const states = 'webhook-state';
const counter = { collection: 'counter', key: 'webhook' } as const;

/** The webhooks in memory, in step with what is stored. */
export class WebhookBook {
  readonly #records: Records;
  readonly #all = new Map<number, KeptWebhook>();

  private constructor(records: Records) {
    this.#records = records;
  }

  /** `newest`: where one begins whose state was lost. */
  static async open(records: Records, newest: number): Promise<WebhookBook> {
    const book = new WebhookBook(records);
    const known = new Map((await records.list<WebhookState>(states)).map(({ key, value }) => [key, value]));
    for (const { key, value } of await records.list<Webhook>(collection)) {
      book.#all.set(Number(key), { ...value, id: Number(key), state: known.get(key) ?? newState(newest) });
    }
    return book;
  }

  get all(): ReadonlyMap<number, KeptWebhook> {
    return this.#all;
  }

  /** Ids are counted, never used again: receivers tell events apart by them. */
  async freshId(): Promise<number> {
    for (;;) {
      const found = await this.#records.get<{ last: number }>(counter.collection, counter.key);
      const last = (found?.value.last ?? 0) + 1;
      const put = await this.#records.put(counter.collection, counter.key, { last }, found?.revision ?? null);
      if (put.ok) return last;
    }
  }

  /** The state first: a webhook that is there knows where it begins. */
  async add(id: number, webhook: Webhook, state: WebhookState): Promise<KeptWebhook> {
    await this.#records.put(states, String(id), state, null);
    await this.#records.put(collection, String(id), webhook, null);
    const kept = { ...webhook, id, state };
    this.#all.set(id, kept);
    return kept;
  }

  /** Null: it was removed meanwhile. */
  async change(id: number, change: (state: WebhookState) => WebhookState): Promise<KeptWebhook | null> {
    for (;;) {
      const found = await this.#records.get<WebhookState>(states, String(id));
      const kept = this.#all.get(id);
      if (found === null || kept === undefined) return null;
      const state = change(found.value);
      if (!(await this.#records.put(states, String(id), state, found.revision)).ok) continue;
      const changed = { ...kept, state };
      if (this.#all.has(id)) this.#all.set(id, changed);
      return changed;
    }
  }

  async remove(id: number): Promise<void> {
    this.#all.delete(id);
    await this.#records.delete(collection, String(id));
    await this.#records.delete(states, String(id));
  }
}

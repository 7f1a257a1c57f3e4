import type { Millis } from '../domain/ids.ts';
import type { Records } from '../ports/records.ts';
import type { KeptSchedule, Schedule } from './record.ts';

const collection = 'schedule';
const counter = { collection: 'counter', key: 'schedule' } as const;

/** The schedules in memory, in step with what is stored. Changes of one schedule never lose each other. */
export class ScheduleBook {
  readonly #records: Records;
  readonly #all = new Map<number, KeptSchedule>();

  private constructor(records: Records) {
    this.#records = records;
  }

  static async open(records: Records): Promise<ScheduleBook> {
    const book = new ScheduleBook(records);
    for (const { key, value } of await records.list<Schedule>(collection))
      book.#all.set(Number(key), { ...value, id: Number(key) });
    return book;
  }

  get all(): ReadonlyMap<number, KeptSchedule> {
    return this.#all;
  }

  /** The earliest moment that anything waits for; null: nothing does. */
  get earliest(): Millis | null {
    let first: Millis | null = null;
    for (const { next, paused } of this.#all.values()) {
      if (paused === null && next !== null && (first === null || next < first)) first = next;
    }
    return first;
  }

  async add(schedule: Schedule): Promise<KeptSchedule> {
    const id = await this.#freshId();
    await this.#records.put(collection, String(id), schedule, null);
    const kept = { ...schedule, id };
    this.#all.set(id, kept);
    return kept;
  }

  /** Null: it was removed meanwhile, or `change` wants none. */
  async change(id: number, change: (schedule: KeptSchedule) => Schedule | null): Promise<KeptSchedule | null> {
    for (;;) {
      const found = await this.#records.get<Schedule>(collection, String(id));
      const wanted = found === null ? null : change({ ...found.value, id });
      if (found === null || wanted === null) return null;
      const { id: _, ...value } = { id, ...wanted };
      if (!(await this.#records.put(collection, String(id), value, found.revision)).ok) continue;
      const kept = { ...value, id };
      if (this.#all.has(id)) this.#all.set(id, kept);
      return kept;
    }
  }

  async remove(id: number): Promise<boolean> {
    this.#all.delete(id);
    return this.#records.delete(collection, String(id));
  }

  /** Ids are counted, never used again: keys of runs and labels of jobs name them. */
  async #freshId(): Promise<number> {
    for (;;) {
      const found = await this.#records.get<{ last: number }>(counter.collection, counter.key);
      const last = (found?.value.last ?? 0) + 1;
      const put = await this.#records.put(counter.collection, counter.key, { last }, found?.revision ?? null);
      if (put.ok) return last;
    }
  }
}

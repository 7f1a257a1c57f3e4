import type { BodyId } from '../../domain/ids.ts';
import type { Body } from '../../domain/rows.ts';
import type { Connection } from './database.ts';

/**
 * Bodies with a count of the jobs, arrays and single tasks that use them; the last one takes the body along. Counts are
 * gathered in the batch, so that a body and its users cost one statement. Tasks of an array count nothing: the array does.
 */
export class Bodies {
  readonly #load;
  readonly #insert;
  readonly #add;
  readonly #drop;
  readonly #new = new Map<BodyId, string>();
  readonly #uses = new Map<BodyId, number>();
  #dropping = false;

  constructor(connection: Connection) {
    this.#load = connection.prepare('SELECT json FROM body WHERE id = ?');
    this.#insert = connection.prepare('INSERT INTO body (id, uses, json) VALUES (?, ?, ?)');
    this.#add = connection.prepare('UPDATE body SET uses = uses + ? WHERE id = ?');
    this.#drop = connection.prepare('DELETE FROM body WHERE id = ? AND uses <= 0');
  }

  list(ids: readonly BodyId[]): Body[] {
    if (this.#dropping) this.flush();
    const rows: Body[] = [];
    for (const id of ids) {
      const json = this.#new.get(id) ?? (this.#load.get(id)?.[0] as string | undefined);
      if (json !== undefined) rows.push({ id, json });
    }
    return rows;
  }

  put(body: Body): void {
    this.#new.set(body.id, body.json);
  }

  use(id: BodyId, times: 1 | -1): void {
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + times);
    if (times < 0) this.#dropping = true;
  }

  flush(): void {
    for (const [id, json] of this.#new) {
      this.#insert.run(id, this.#uses.get(id) ?? 0, json);
      this.#uses.delete(id);
    }
    this.#new.clear();
    for (const [id, times] of this.#uses) this.#count(id, times);
    this.#uses.clear();
    this.#dropping = false;
  }

  forget(): void {
    this.#new.clear();
    this.#uses.clear();
    this.#dropping = false;
  }

  #count(id: BodyId, times: number): void {
    if (times === 0) return;
    this.#add.run(times, id);
    if (times < 0) this.#drop.run(id);
  }
}

import type { Connection } from './database.ts';

/** The names of all pools: asked by every claim and every end, changed hardly ever. */
export class PoolNames {
  readonly #all;
  #names: string[] | null = null;

  constructor(connection: Connection) {
    this.#all = connection.prepare('SELECT name FROM pool');
  }

  list(): readonly string[] {
    this.#names ??= this.#all
      .all()
      .map(([name]) => name as string)
      .sort();
    return this.#names;
  }

  /** A pool of this name was put. */
  note(name: string): void {
    const names = this.list();
    if (!names.includes(name)) this.#names = [...names, name].sort();
  }

  drop(name: string): void {
    this.#names = this.list().filter((one) => one !== name);
  }

  forget(): void {
    this.#names = null;
  }
}

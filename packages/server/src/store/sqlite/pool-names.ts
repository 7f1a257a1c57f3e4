import type { Connection } from './database.ts';

/** The names of all pools: asked by every claim and every end, changed hardly ever; those of limits come and go. */
export class PoolNames {
  readonly #all;
  #names: Set<string> | null = null;
  #listed: readonly string[] | null = null;

  constructor(connection: Connection) {
    this.#all = connection.prepare('SELECT name FROM pool ORDER BY name');
  }

  list(): readonly string[] {
    this.#listed ??= [...this.#known()].sort();
    return this.#listed;
  }

  /** A pool of this name was put. */
  note(name: string): void {
    const names = this.#known();
    if (names.has(name)) return;
    names.add(name);
    this.#listed = null;
  }

  drop(name: string): void {
    if (this.#known().delete(name)) this.#listed = null;
  }

  forget(): void {
    this.#names = null;
    this.#listed = null;
  }

  #known(): Set<string> {
    this.#names ??= new Set(this.#all.all().map(([name]) => name as string));
    return this.#names;
  }
}

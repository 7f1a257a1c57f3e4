import type { Connection } from './database.ts';

export type SequenceName = 'job' | 'task' | 'worker' | 'session' | 'body' | 'class' | 'change' | 'audit';

/**
 * Numbers given out, in memory; how far they went is written with the transaction that used them. So a number that anybody
 * saw is never given again (S5), and one that was rolled back was seen by nobody.
 */
export class Sequences {
  readonly #load;
  readonly #write;
  readonly #last = new Map<SequenceName, number>();
  readonly #dirty = new Set<SequenceName>();

  constructor(connection: Connection) {
    this.#load = connection.prepare('SELECT last FROM sequence WHERE name = ?');
    this.#write = connection.prepare('INSERT OR REPLACE INTO sequence (name, last) VALUES (?, ?)');
  }

  last(name: SequenceName): number {
    const known = this.#last.get(name);
    if (known !== undefined) return known;
    const last = (this.#load.get(name)?.[0] ?? 0) as number;
    this.#last.set(name, last);
    return last;
  }

  /** The first of `n` fresh numbers in a row. */
  take(name: SequenceName, n = 1): number {
    const last = this.last(name);
    this.#last.set(name, last + n);
    this.#dirty.add(name);
    return last + 1;
  }

  flush(): void {
    for (const name of this.#dirty) this.#write.run(name, this.last(name));
    this.#dirty.clear();
  }

  forget(): void {
    this.#last.clear();
    this.#dirty.clear();
  }
}

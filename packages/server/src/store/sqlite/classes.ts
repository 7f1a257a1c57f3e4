import type { ClassId } from '../../domain/ids.ts';
import { type ClassSpec, classKey } from '../../domain/needs.ts';
import type { InternedClass } from '../../domain/rows.ts';
import type { Connection } from './database.ts';
import type { Sequences } from './sequences.ts';

/** Above this many the memory is begun anew; a class that is asked for again is read again. */
const keep = 50_000;

/** Interned classes: rows that never change, so that memory never goes stale. */
export class Classes {
  readonly #byKey;
  readonly #byId;
  readonly #insert;
  readonly #sequences: Sequences;
  readonly #ids = new Map<string, InternedClass>();
  readonly #rows = new Map<ClassId, InternedClass>();
  #bound = false;
  /** Made by the command that is running: written if it ends well. */
  #made: InternedClass[] = [];
  #unwritten: InternedClass[] = [];

  constructor(connection: Connection, sequences: Sequences) {
    this.#byKey = connection.prepare('SELECT id, spec FROM class WHERE key = ?');
    this.#byId = connection.prepare('SELECT id, spec FROM class WHERE id = ?');
    this.#insert = connection.prepare('INSERT INTO class (id, key, spec) VALUES (?, ?, ?)');
    this.#sequences = sequences;
  }

  of(spec: ClassSpec): InternedClass {
    const key = classKey(spec);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const cells = this.#byKey.get(key);
    if (cells !== undefined) return this.#remember(key, readClass(cells));
    const made = { id: this.#sequences.take('class'), spec };
    this.#made.push(made);
    return this.#remember(key, made);
  }

  get(id: ClassId): InternedClass | null {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const cells = this.#byId.get(id);
    if (cells === undefined) return null;
    const row = readClass(cells);
    return this.#remember(classKey(row.spec), row);
  }

  list(ids: readonly ClassId[]): InternedClass[] {
    return ids.map((id) => this.get(id)).filter((row) => row !== null);
  }

  /** The command ended well. */
  keepMade(): void {
    if (this.#made.length === 0) return;
    this.#unwritten.push(...this.#made);
    this.#made = [];
  }

  /** It did not: the classes that it was the first to ask for never were. */
  dropMade(): void {
    for (const row of this.#made) {
      this.#ids.delete(classKey(row.spec));
      this.#rows.delete(row.id);
    }
    this.#made = [];
  }

  flush(): void {
    for (const { id, spec } of this.#unwritten) this.#insert.run(id, classKey(spec), JSON.stringify(spec));
    this.#unwritten = [];
  }

  settle(): void {
    if (this.#rows.size > keep) this.forget();
  }

  forget(): void {
    this.#ids.clear();
    this.#rows.clear();
    this.#made = [];
    this.#unwritten = [];
  }

  /** Whether any class that was ever asked for shares the yard, or is bound by a rate: mostly none is. */
  get bound(): boolean {
    return this.#bound;
  }

  #remember(key: string, row: InternedClass): InternedClass {
    if (row.spec.fair !== null || row.spec.rate !== undefined) this.#bound = true;
    this.#ids.set(key, row);
    this.#rows.set(row.id, row);
    return row;
  }
}

export function readClass(cells: readonly unknown[]): InternedClass {
  return { id: cells[0] as number, spec: JSON.parse(cells[1] as string) as ClassSpec };
}

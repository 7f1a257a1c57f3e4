import type { ClassId } from '../../domain/ids.ts';
import type { InternedClass } from '../../domain/rows.ts';
import type { Classes } from './classes.ts';
import type { Connection } from './database.ts';

/** Classes with something in the ready indexes, by hopping from class to class: the price is per class, not per task. */
export const readyClassesSql = `
WITH RECURSIVE
  t (class) AS (
    SELECT min(class) FROM task INDEXED BY task_ready WHERE state = 1
    UNION ALL
    SELECT (SELECT min(class) FROM task INDEXED BY task_ready WHERE state = 1 AND class > t.class) FROM t WHERE t.class IS NOT NULL
  ),
  a (class) AS (
    SELECT min(class) FROM array INDEXED BY array_ready WHERE rest = 1 AND next < size
    UNION ALL
    SELECT (SELECT min(class) FROM array INDEXED BY array_ready WHERE rest = 1 AND next < size AND class > a.class)
    FROM a WHERE a.class IS NOT NULL
  )
SELECT class FROM t WHERE class IS NOT NULL UNION SELECT class FROM a WHERE class IS NOT NULL`;

/** Which classes may have something ready: never too few, sometimes too many. */
export class LiveClasses {
  readonly #all;
  readonly #classes: Classes;
  readonly #live = new Set<ClassId>();
  #listed: InternedClass[] | null = null;
  #keys: { fair: string[]; rate: string[] } | null = null;

  constructor(connection: Connection, classes: Classes) {
    this.#all = connection.prepare(readyClassesSql);
    this.#classes = classes;
    this.load();
  }

  has(id: ClassId): boolean {
    return this.#live.has(id);
  }

  add(id: ClassId): void {
    if (this.#live.has(id)) return;
    this.#live.add(id);
    this.#forgetList();
  }

  /** Only when the ready index was seen to hold nothing of it. */
  drop(id: ClassId): void {
    if (this.#live.delete(id)) this.#forgetList();
  }

  list(): InternedClass[] {
    this.#listed ??= this.#classes.list([...this.#live].sort((a, b) => a - b));
    return this.#listed;
  }

  #forgetList(): void {
    this.#listed = null;
    this.#keys = null;
  }

  /** Owners that share the yard, and keys of rates, of what may be ready. */
  keys(): { fair: string[]; rate: string[] } {
    this.#keys ??= keysOf(this.list());
    return this.#keys;
  }

  /** At the start, and after a rollback: what was dropped in it may be live again. */
  load(): void {
    this.#live.clear();
    this.#forgetList();
    for (const [id] of this.#all.all()) this.#live.add(id as ClassId);
  }
}

export function keysOf(classes: readonly InternedClass[]): { fair: string[]; rate: string[] } {
  const fair = new Set<string>();
  const rate = new Set<string>();
  for (const { spec } of classes) {
    if (spec.fair !== null) fair.add(spec.fair);
    if (spec.rate !== undefined) rate.add(spec.rate.key);
  }
  return { fair: [...fair], rate: [...rate] };
}

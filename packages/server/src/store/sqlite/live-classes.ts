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
    this.#listed = null;
  }

  /** Only when the ready index was seen to hold nothing of it. */
  drop(id: ClassId): void {
    if (this.#live.delete(id)) this.#listed = null;
  }

  list(): InternedClass[] {
    this.#listed ??= this.#classes.list([...this.#live].sort((a, b) => a - b));
    return this.#listed;
  }

  /** At the start, and after a rollback: what was dropped in it may be live again. */
  load(): void {
    this.#live.clear();
    this.#listed = null;
    for (const [id] of this.#all.all()) this.#live.add(id as ClassId);
  }
}

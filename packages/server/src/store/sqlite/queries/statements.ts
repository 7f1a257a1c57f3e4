import type { Connection, Statement } from '../database.ts';

/** Statements by text, prepared when first needed: filters make a few dozen shapes, not thousands. */
export function statements(connection: Connection): (sql: string) => Statement {
  const known = new Map<string, Statement>();
  return (sql) => {
    let statement = known.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      known.set(sql, statement);
    }
    return statement;
  };
}

/** Conditions joined, with their parameters in order. */
export class Where {
  readonly #parts: string[] = [];
  readonly parameters: (string | number)[] = [];

  and(condition: string, ...parameters: (string | number)[]): this {
    this.#parts.push(condition);
    this.parameters.push(...parameters);
    return this;
  }

  /** `column IN (…)`; the list stays one parameter, so that its length makes no new statement. */
  among(column: string, values: readonly (string | number)[]): this {
    return this.and(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values));
  }

  get sql(): string {
    return this.#parts.join(' AND ');
  }
}

import { DatabaseSync } from 'node:sqlite';

/** Columns that grow with every copy; all others are copied as they are. */
const shifted: Readonly<Record<string, readonly string[]>> = {
  job: ['id', 'first_task'],
  task: ['id', 'job'],
  attempt: ['task'],
};

/**
 * Multiplies what is in a closed database, which must be one finished job of one task: the rows that a long life leaves, in
 * seconds instead of minutes. Kept counters are left as they are; nothing at a start counts rows.
 */
export function fillFinished(file: string, count: number): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN');
    for (const [table, columns] of Object.entries(shifted)) copyRow(db, table, columns, count);
    copyChanges(db, count);
    db.exec(`UPDATE sequence SET last = last + ${count * 10}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
  } finally {
    db.close();
  }
}

const numbers = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`;

function copyRow(db: DatabaseSync, table: string, grow: readonly string[], count: number): void {
  const names = namesOf(db, table);
  const { rows } = db.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number };
  if (rows !== 1) throw new Error(`${table} holds ${rows} rows, not one`);
  for (const name of grow) if (!names.includes(name)) throw new Error(`${table} has no column ${name}`);
  const values = names.map((name) => (grow.includes(name) ? `t.${name} + i` : `t.${name}`));
  db.exec(
    `${numbers(count)} INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM n, (SELECT * FROM ${table}) t`,
  );
}

/** One change for each task: the feed is kept for a day only. */
function copyChanges(db: DatabaseSync, count: number): void {
  const names = namesOf(db, 'change');
  const values = names.map((name) => (name === 'number' ? `t.number + i` : `t.${name}`));
  const last = 'SELECT * FROM change ORDER BY number DESC LIMIT 1';
  db.exec(`${numbers(count)} INSERT INTO change (${names.join(', ')}) SELECT ${values.join(', ')} FROM n, (${last}) t`);
}

function namesOf(db: DatabaseSync, table: string): string[] {
  return (db.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[]).map(({ name }) => name);
}

import type { DatabaseSync } from 'node:sqlite';
import { first } from './migrations/0001-first.ts';

/** In order; the position + 1 is the schema's number (`PRAGMA user_version`). Never edit one that was released: add one. */
export const migrations: readonly string[] = [first];

export const schemaVersion = migrations.length;

/** Brings the file to this program's schema, or throws with a text that says what to do (S10). */
export function migrate(db: DatabaseSync, file: string): void {
  const found = versionOf(db);
  if (found > schemaVersion) {
    throw new Error(
      `${file} was written by a newer Switchyard (schema ${found}, this program knows ${schemaVersion}): ` +
        'start the newer version, or restore a backup made by this one',
    );
  }
  for (let at = found; at < schemaVersion; at += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[at] ?? '');
      db.exec(`PRAGMA user_version = ${at + 1}`);
      db.exec('COMMIT');
    } catch (cause) {
      db.exec('ROLLBACK');
      throw new Error(`${file} could not be brought to schema ${at + 1}`, { cause });
    }
  }
}

export function versionOf(db: DatabaseSync): number {
  const row = db.prepare('PRAGMA user_version').get();
  return Number(row?.user_version ?? 0);
}

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { first } from './migrations/0001-first.ts';
import { farms } from './migrations/0002-farms.ts';
import { scheduling } from './migrations/0003-scheduling.ts';
import { reservations } from './migrations/0004-reservations.ts';

/** In order; the position + 1 is the schema's number (`PRAGMA user_version`). Never edit one that was released: add one. */
export const migrations: readonly string[] = [first, farms, scheduling, reservations];

export const schemaVersion = migrations.length;

/**
 * Brings the file to this program's schema, or throws with a text that says what to do (S10). Before a database with content is
 * changed, it is copied to `FILE.before-schema-N`: the way back to the older program.
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly string[] = migrations): void {
  const found = versionOf(db);
  if (found > steps.length) {
    throw new Error(
      `${file} was written by a newer Switchyard (schema ${found}, this program knows ${steps.length}): ` +
        'start the newer version, or restore a backup made by this one',
    );
  }
  if (found > 0 && found < steps.length && file !== ':memory:') keepOld(db, file, `${file}.before-schema-${found + 1}`);
  for (let at = found; at < steps.length; at += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(steps[at] ?? '');
      db.exec(`PRAGMA user_version = ${at + 1}`);
      db.exec('COMMIT');
    } catch (cause) {
      db.exec('ROLLBACK');
      throw new Error(`${file} could not be brought to schema ${at + 1}`, { cause });
    }
  }
}

/** Whole or not at all; one that is there already is of the same content, for nothing was changed since. */
function keepOld(db: DatabaseSync, file: string, to: string): void {
  if (existsSync(to)) return;
  const draft = `${to}.tmp`;
  try {
    rmSync(draft, { force: true });
    db.prepare('VACUUM INTO ?').run(draft);
    const handle = openSync(draft, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    renameSync(draft, to);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new Error(
      `${file} has to be brought to a newer schema, and there is no room for a copy of it beforehand (${to}): free some space, then start again`,
      { cause },
    );
  }
}

export function versionOf(db: DatabaseSync): number {
  const row = db.prepare('PRAGMA user_version').get();
  return Number(row?.user_version ?? 0);
}

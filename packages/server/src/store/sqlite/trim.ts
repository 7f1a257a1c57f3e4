import type { Trimmed, TrimRule } from '../../ports/store.ts';
import type { Connection } from './database.ts';
import { numberOf } from './database.ts';

/** Rows that one call removes at most. */
const slice = 2_000;

/** Removes what is kept for a while only, oldest first. Stops at the first row that must stay: it costs nothing to ask often. */
export function trimmer(connection: Connection, newestChange: () => number): (rule: TrimRule) => Trimmed {
  // The rows are in order of time as far as the clock never jumped: one number up to which all go.
  const lastChange = connection.prepare(
    `SELECT max(number) FROM (SELECT number, at FROM change ORDER BY number LIMIT ${slice}) WHERE at < ? OR number <= ?`,
  );
  const changes = connection.prepare('DELETE FROM change WHERE number <= ?');
  const lastAudit = connection.prepare(
    `SELECT max(id) FROM (SELECT id, at FROM audit ORDER BY id LIMIT ${slice}) WHERE at < ? OR id <= ?`,
  );
  const newestAudit = connection.prepare('SELECT max(id) FROM audit');
  const audit = connection.prepare('DELETE FROM audit WHERE id <= ?');
  const idempotent = connection.prepare(
    `DELETE FROM idempotent WHERE (owner, key) IN (SELECT owner, key FROM idempotent WHERE at < ? ORDER BY at LIMIT ${slice})`,
  );
  return ({ what, olderThan, keep }) => {
    let removed = 0;
    if (what === 'changes') {
      const below = keep === null ? 0 : newestChange() - keep;
      removed = Number(changes.run(numberOf(lastChange.get(olderThan, below))).changes);
    } else if (what === 'audit') {
      removed = Number(
        audit.run(numberOf(lastAudit.get(olderThan, keep === null ? 0 : numberOf(newestAudit.get()) - keep))).changes,
      );
    } else {
      removed = Number(idempotent.run(olderThan).changes);
    }
    return { removed, more: removed >= slice };
  };
}

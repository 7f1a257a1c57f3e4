import type { Change, ChangeKind } from '../../../domain/change.ts';
import type { AuditRow } from '../../../domain/rows.ts';
import type { AuditFilter, Page } from '../../../ports/store.ts';
import { type Cells, type Connection, numberOf } from '../database.ts';
import { inWindows } from './id-windows.ts';

const decodeChange = (cells: Cells): Change => ({
  number: cells[0] as number,
  at: cells[1] as number,
  kind: cells[2] as ChangeKind,
  job: cells[3] as number | null,
  task: cells[4] as number | null,
  worker: cells[5] as number | null,
  owner: cells[6] as string | null,
  json: cells[7] as string,
});

const decodeAudit = (cells: Cells): AuditRow & { id: number } => ({
  id: cells[0] as number,
  at: cells[1] as number,
  by: cells[2] as string,
  name: cells[3] as string,
  command: cells[4] as string,
  subject: cells[5] as string,
  refusal: cells[6] as string | null,
});

export function trailQueries(connection: Connection) {
  const newest = connection.prepare("SELECT last FROM sequence WHERE name = 'change'");
  const oldest = connection.prepare('SELECT min(number) FROM change');
  const since = connection.prepare(
    'SELECT number, at, kind, job, task, worker, owner, json FROM change WHERE number > ? AND number <= ? ORDER BY number LIMIT +?',
  );
  const audit = (order: Page['order']) =>
    connection.prepare(
      `SELECT id, at, by, name, command, subject, refusal FROM audit
       WHERE id BETWEEN ?1 AND ?2 AND (?4 IS NULL OR by = ?4 OR name = ?4) AND (?5 IS NULL OR command = ?5)
         AND (?6 IS NULL OR subject = ?6) AND (?7 IS NULL OR at >= ?7) AND (?8 IS NULL OR at < ?8)
         AND (?9 = 0 OR refusal IS NOT NULL)
       ORDER BY id ${order} LIMIT +?3`,
    );
  const audits = { asc: audit('asc'), desc: audit('desc') };
  const newestAudit = connection.prepare("SELECT last FROM sequence WHERE name = 'audit'");
  return {
    /**
     * A reader that has seen everything up to `number` has missed nothing if `number >= oldest - 1`. `oldest` is one above
     * `newest` when nothing is kept. Read after the rows: what is trimmed meanwhile shows as missed, never as not there.
     */
    async changesSince(number: number, limit: number) {
      const last = numberOf(newest.get());
      const changes = since.all(number, last, limit).map(decodeChange);
      const first = oldest.get()?.[0] ?? last + 1;
      return { changes, oldest: first as number, newest: last };
    },
    async audit(page: Page, filter: AuditFilter = {}): Promise<(AuditRow & { id: number })[]> {
      const { by = null, command = null, subject = null, since = null, until = null, refused = false } = filter;
      const whole = Object.values(filter).every((value) => value === undefined);
      return inWindows(page, whole, numberOf(newestAudit.get()), ({ low, high }, limit) =>
        audits[page.order].all(low, high, limit, by, command, subject, since, until, refused ? 1 : 0).map(decodeAudit),
      );
    },
  };
}

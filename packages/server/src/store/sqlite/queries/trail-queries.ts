import type { Change, ChangeKind } from '../../../domain/change.ts';
import type { AuditRow } from '../../../domain/rows.ts';
import type { Page } from '../../../ports/store.ts';
import { type Cells, type Connection, numberOf } from '../database.ts';
import { rangeOf } from './id-windows.ts';

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
      `SELECT id, at, by, name, command, subject, refusal FROM audit WHERE id BETWEEN ? AND ? ORDER BY id ${order} LIMIT +?`,
    );
  const audits = { asc: audit('asc'), desc: audit('desc') };
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
    async audit(page: Page): Promise<(AuditRow & { id: number })[]> {
      const { low, high } = rangeOf(page);
      return audits[page.order].all(low, high, page.limit).map(decodeAudit);
    },
  };
}

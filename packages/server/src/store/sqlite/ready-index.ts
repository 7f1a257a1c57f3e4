import type { ClassId, JobId } from '../../domain/ids.ts';
import type { Cells, Connection, Statement } from './database.ts';
import type { Place } from './ready-window.ts';

/** The ready index of tasks, or of arrays by the rest that nobody has claimed. */
export interface ReadyIndex {
  readonly first: Statement;
  readonly afterJob: Statement;
  readonly afterRow: Statement;
}

export function readyIndex(connection: Connection, table: 'task' | 'array'): ReadyIndex {
  const ready = table === 'task' ? 'state = 1' : 'rest = 1 AND next < size';
  // Arrays stand by their first id, not by their next index: blocks of ids never overlap, so the order is the same.
  const select = `SELECT job_rank, rank, job, id FROM ${table} INDEXED BY ${table}_ready WHERE ${ready} AND class = ?`;
  const order = 'ORDER BY job_rank, rank, job, id LIMIT +?';
  return {
    first: connection.prepare(`${select} ${order}`),
    afterJob: connection.prepare(`${select} AND (job_rank, rank, job) > (?, ?, ?) ${order}`),
    afterRow: connection.prepare(`${select} AND (job_rank, rank, job, id) > (?, ?, ?, ?) ${order}`),
  };
}

/** Rows a statement, so that one that stops early has not read much too far. */
const page = 64;

/**
 * The places of a class in order, jobs that are passed over left out: each such job costs one seek, however many
 * tasks it has, because the index orders by job before id.
 */
export function* placesOf(index: ReadyIndex, id: ClassId, passedOver: (job: JobId) => boolean): Generator<Place> {
  let rows: Cells[] = index.first.all(id, page);
  while (rows.length > 0) {
    let next: Cells[] | null = null;
    for (const row of rows) {
      const place = row as unknown as Place;
      if (passedOver(place[2])) {
        next = index.afterJob.all(id, place[0], place[1], place[2], page);
        break;
      }
      yield place;
    }
    const last = rows.length < page ? undefined : (rows.at(-1) as unknown as Place | undefined);
    rows = next ?? (last === undefined ? [] : index.afterRow.all(id, ...last, page));
  }
}

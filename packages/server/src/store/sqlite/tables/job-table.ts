import type { JobId } from '../../../domain/ids.ts';
import type { Job } from '../../../domain/job.ts';
import { countsText } from '../codec/counts.ts';
import { decodeJob, encodeJob, jobColumns } from '../codec/job.ts';
import { recordText } from '../codec/json.ts';
import { jobIntent, jobState } from '../codes.ts';
import { type Connection, marks } from '../database.ts';
import type { Table } from '../row-cache.ts';
import { changedOne } from './one-row.ts';

export function jobTable(connection: Connection): Table<JobId, Job> {
  const load = connection.prepare(`SELECT ${jobColumns} FROM job WHERE id = ?`);
  const insert = connection.prepare(`INSERT INTO job (${jobColumns}) VALUES (${marks(jobColumns.length)})`);
  const all = connection.prepare(
    `UPDATE job SET name = ?, kind = ?, priority = ?, owner = ?, labels = ?, spec = ?, intent = ?, state = ?, counts = ?,
     started_at = ?, created_at = ?, ended_at = ?, first_task = ?, deadline = ? WHERE id = ?`,
  );
  // The hot ones name no more columns than move: an index is rewritten whenever one of its columns is named.
  const counted = connection.prepare('UPDATE job SET counts = ?, started_at = ? WHERE id = ?');
  const moved = connection.prepare(
    'UPDATE job SET state = ?, intent = ?, counts = ?, started_at = ?, ended_at = ?, priority = ? WHERE id = ?',
  );
  const remove = connection.prepare('DELETE FROM job WHERE id = ?');
  const labels = labelTable(connection);

  return {
    keyOf: (job) => job.id,
    load(id) {
      const cells = load.get(id);
      return cells === undefined ? null : decodeJob(cells);
    },
    insert(job) {
      insert.run(...encodeJob(job));
      labels.insert(job);
    },
    update(job, base) {
      const what = `job ${job.id}`;
      if (base === null || !sameNature(job, base)) {
        const stored = base ?? this.load(job.id);
        if (stored !== null) labels.remove(stored);
        const [id, ...rest] = encodeJob(job);
        changedOne(all.run(...rest, id ?? null), what);
        labels.insert(job);
      } else if (
        job.state === base.state &&
        job.intent === base.intent &&
        job.priority === base.priority &&
        job.endedAt === base.endedAt
      ) {
        changedOne(counted.run(countsText(job.counts), job.startedAt, job.id), what);
      } else {
        const state = jobState.code[job.state];
        const intent = jobIntent.code[job.intent];
        changedOne(moved.run(state, intent, countsText(job.counts), job.startedAt, job.endedAt, job.priority, job.id), what);
      }
    },
    remove(id) {
      const job = this.load(id);
      if (job === null) return;
      labels.remove(job);
      remove.run(id);
    },
  };
}

/** Everything but what moves in a job's life is the same. */
function sameNature(job: Job, base: Job): boolean {
  return (
    job.name === base.name &&
    job.kind === base.kind &&
    job.owner === base.owner &&
    job.spec === base.spec &&
    job.createdAt === base.createdAt &&
    job.firstTask === base.firstTask &&
    job.deadline === base.deadline &&
    (job.labels === base.labels || recordText(job.labels) === recordText(base.labels))
  );
}

function labelTable(connection: Connection): { insert(job: Job): void; remove(job: Job): void } {
  const insert = connection.prepare('INSERT INTO job_label (name, value, job) VALUES (?, ?, ?)');
  const remove = connection.prepare('DELETE FROM job_label WHERE name = ? AND value = ? AND job = ?');
  return {
    insert(job) {
      for (const [name, value] of Object.entries(job.labels)) insert.run(name, value, job.id);
    },
    remove(job) {
      for (const [name, value] of Object.entries(job.labels)) remove.run(name, value, job.id);
    },
  };
}

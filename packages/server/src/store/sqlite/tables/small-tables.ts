import type { TaskId, WorkerId } from '../../../domain/ids.ts';
import type { Block, Edge, Exclusion, Fault, LogRow, LogStream, Sweep } from '../../../domain/rows.ts';
import type { Reads, Write } from '../../../ports/store.ts';
import { edgeEnd, wordOf } from '../codes.ts';
import { type Cells, type Connection, numberOf } from '../database.ts';

/** Tables that are read and written at once: their rows are rarely touched twice in a batch. */

const edgeColumns = 'parent_kind, parent, child_kind, child, done, any_end';

export const decodeEdge = (cells: Cells): Edge => ({
  parentKind: wordOf(edgeEnd, cells[0]),
  parent: cells[1] as number,
  childKind: wordOf(edgeEnd, cells[2]) as Edge['childKind'],
  child: cells[3] as number,
  done: cells[4] === 1,
  ...(cells[5] === 1 ? { any: true } : undefined),
});

export const edgesToSql = `SELECT ${edgeColumns} FROM edge WHERE child = ? AND child_kind = ? ORDER BY parent, parent_kind`;

/** In the order of `edge_child`, which ends with the primary key's columns. */
export const edgesIntoSql = `SELECT ${edgeColumns} FROM edge INDEXED BY edge_child WHERE child BETWEEN ? AND ?
  ORDER BY child, child_kind, parent_kind, parent LIMIT +?`;

export function edgeTable(connection: Connection) {
  const write = connection.prepare(`INSERT OR REPLACE INTO edge (${edgeColumns}) VALUES (?, ?, ?, ?, ?, ?)`);
  const done = connection.prepare(
    'UPDATE edge SET done = ? WHERE parent_kind = ? AND parent = ? AND child_kind = ? AND child = ?',
  );
  const from = connection.prepare(
    `SELECT ${edgeColumns} FROM edge WHERE parent_kind = ? AND parent = ? AND child > ? AND done = 0
     ORDER BY child, child_kind LIMIT +?`,
  );
  const to = connection.prepare(edgesToSql);
  // A parent that has succeeded once is done with, whatever a retry makes of it. Ended badly: tasks failed or canceled (7, 8),
  // jobs failed or canceled (5, 6), arrays that lost a task.
  const lost = connection.prepare(
    `SELECT count(*) FROM edge e WHERE e.child = ? AND e.child_kind = ? AND e.done = 0 AND e.any_end = 0 AND CASE e.parent_kind
       WHEN 0 THEN (SELECT state IN (7, 8) FROM task WHERE id = e.parent)
       WHEN 1 THEN (SELECT lost > 0 FROM array WHERE id = e.parent)
       ELSE (SELECT state IN (5, 6) FROM job WHERE id = e.parent) END`,
  );
  const dropTo = connection.prepare('DELETE FROM edge WHERE child = ? AND child_kind = ?');
  const dropFrom = connection.prepare('DELETE FROM edge WHERE parent_kind = ? AND parent = ?');
  const { code } = edgeEnd;
  return {
    put({ parentKind, parent, childKind, child, done: isDone, any }: Edge, fresh: boolean): void {
      if (fresh) write.run(code[parentKind], parent, code[childKind], child, isDone ? 1 : 0, any === true ? 1 : 0);
      else done.run(isDone ? 1 : 0, code[parentKind], parent, code[childKind], child);
    },
    from: ({ kind, parent, after, limit }: Reads['childrenOf'][0]): Edge[] =>
      from.all(code[kind], parent, after, limit).map(decodeEdge),
    to: ({ kind, child }: Reads['parentsOf'][0]): Edge[] => to.all(child, code[kind]).map(decodeEdge),
    lostParents: (kind: Edge['childKind'], child: TaskId): number => numberOf(lost.get(child, code[kind])),
    dropAt(kind: Edge['parentKind'], id: number): void {
      dropFrom.run(code[kind], id);
      if (kind !== 'job') dropTo.run(id, code[kind]);
    },
  };
}

const exclusionColumns = 'task, worker, session, until, why';

export const decodeExclusion = (cells: Cells): Exclusion => ({
  task: cells[0] as number,
  worker: cells[1] as number,
  session: cells[2] as number | null,
  until: cells[3] as number | null,
  why: cells[4] as Exclusion['why'],
});

type DropExclusions = Extract<Write, { drop: 'exclusions' }>;

export const exclusionsOfTaskSql = `SELECT ${exclusionColumns} FROM exclusion WHERE task = ? ORDER BY worker, why`;

export function exclusionTable(connection: Connection) {
  const write = connection.prepare(`INSERT OR REPLACE INTO exclusion (${exclusionColumns}) VALUES (?, ?, ?, ?, ?)`);
  const ofTask = connection.prepare(exclusionsOfTaskSql);
  const ofWorker = connection.prepare(`SELECT ${exclusionColumns} FROM exclusion WHERE worker = ? ORDER BY task, why`);
  const rest = '(?2 IS NULL OR session = ?2) AND (?3 IS NULL OR why = ?3) AND (?4 IS NULL OR worker = ?4)';
  const dropOfTask = connection.prepare(`DELETE FROM exclusion WHERE task = ?1 AND ${rest}`);
  const dropOfWorker = connection.prepare(`DELETE FROM exclusion WHERE worker = ?1 AND ${rest}`);
  const dropAny = connection.prepare(`DELETE FROM exclusion WHERE ?1 IS NULL AND ${rest}`);
  return {
    put(row: Exclusion): void {
      write.run(row.task, row.worker, row.session, row.until, row.why);
    },
    ofTask: (task: TaskId): Exclusion[] => ofTask.all(task).map(decodeExclusion),
    ofWorker: (worker: WorkerId): Exclusion[] => ofWorker.all(worker).map(decodeExclusion),
    drop({ task = undefined, worker = undefined, session = undefined, why = undefined }: Omit<DropExclusions, 'drop'>): void {
      const rest = [session ?? null, why ?? null, worker ?? null] as const;
      if (task !== undefined) dropOfTask.run(task, ...rest);
      else if (worker !== undefined) dropOfWorker.run(worker, ...rest);
      else dropAny.run(null, ...rest);
    },
  };
}

const blockColumns = 'job, worker, kind, at, until';

export const decodeBlock = (cells: Cells): Block => ({
  job: cells[0] as number,
  worker: cells[1] as number,
  kind: cells[2] as string,
  at: cells[3] as number,
  until: cells[4] as number | null,
});

const standing = '(until IS NULL OR until > ?)';
export const blocksOfWorkerSql = `SELECT ${blockColumns} FROM block WHERE worker = ? AND ${standing} ORDER BY job, kind`;
export const blocksOfJobSql = `SELECT ${blockColumns} FROM block WHERE job = ? AND ${standing} ORDER BY worker, kind`;

export function blockTable(connection: Connection) {
  const write = connection.prepare(`INSERT OR REPLACE INTO block (${blockColumns}) VALUES (?, ?, ?, ?, ?)`);
  const ofWorker = connection.prepare(blocksOfWorkerSql);
  const ofJob = connection.prepare(blocksOfJobSql);
  const over = connection.prepare('DELETE FROM block INDEXED BY block_until WHERE until IS NOT NULL AND until <= ?');
  const drop = connection.prepare(
    'DELETE FROM block WHERE (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR worker = ?2) AND (?3 IS NULL OR kind = ?3)',
  );
  return {
    put(row: Block): void {
      write.run(row.job, row.worker, row.kind, row.at, row.until);
    },
    of: (of: Reads['blocks'][0]): Block[] =>
      ('worker' in of ? ofWorker.all(of.worker, of.now) : ofJob.all(of.job, of.now)).map(decodeBlock),
    drop(job: number | null, worker: number | null, kind: string | null): void {
      drop.run(job, worker, kind);
    },
    /** What has ended by itself. */
    dropOver: (now: number): void => void over.run(now),
  };
}

export function faultTable(connection: Connection) {
  const write = connection.prepare('INSERT OR REPLACE INTO fault (job, worker, kind, failures) VALUES (?, ?, ?, ?)');
  const ofJob = connection.prepare('SELECT job, worker, kind, failures FROM fault WHERE job = ? ORDER BY worker, kind');
  const drop = connection.prepare(
    'DELETE FROM fault WHERE (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR worker = ?2) AND (?3 IS NULL OR kind = ?3)',
  );
  return {
    put: ({ job, worker, kind, failures }: Fault): void => void write.run(job, worker, kind, failures),
    ofJob: (of: number): Fault[] =>
      ofJob.all(of).map(([job, worker, kind, failures]) => ({
        job: job as number,
        worker: worker as number,
        kind: kind as string,
        failures: failures as number,
      })),
    drop: (job: number | null, worker: number | null, kind: string | null): void => void drop.run(job, worker, kind),
  };
}

export function sweepTable(connection: Connection) {
  // Asked again: begun anew, in its old place.
  const write = connection.prepare(
    'INSERT INTO sweep (key, work) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET work = excluded.work',
  );
  const first = connection.prepare('SELECT key, work FROM sweep ORDER BY number LIMIT +?');
  const drop = connection.prepare('DELETE FROM sweep WHERE key = ?');
  return {
    put(row: Sweep): void {
      write.run(row.key, JSON.stringify(row.work));
    },
    first: (limit: number): Sweep[] =>
      first.all(limit).map(([key, work]) => ({ key: key as string, work: JSON.parse(work as string) as Sweep['work'] })),
    drop: (key: string): void => void drop.run(key),
  };
}

export const logSql = 'SELECT task, attempt, stream, length, inline FROM log WHERE task = ? AND attempt = ? AND stream = ?';

export const decodeLog = (cells: Cells): LogRow => ({
  task: cells[0] as number,
  attempt: cells[1] as number,
  stream: cells[2] as LogStream,
  length: cells[3] as number,
  inline: cells[4] as Uint8Array | null,
});

export function logTable(connection: Connection) {
  const write = connection.prepare('INSERT OR REPLACE INTO log (task, attempt, stream, length, inline) VALUES (?, ?, ?, ?, ?)');
  const one = connection.prepare(logSql);
  const drop = connection.prepare('DELETE FROM log WHERE task = ?');
  return {
    put(row: LogRow): void {
      write.run(row.task, row.attempt, row.stream, row.length, row.inline);
    },
    get({ task, attempt, stream }: Reads['log'][0]): LogRow | null {
      const cells = one.get(task, attempt, stream);
      return cells === undefined ? null : decodeLog(cells);
    },
    dropOf: (task: TaskId): void => void drop.run(task),
  };
}

export function checkpointTable(connection: Connection) {
  const write = connection.prepare('INSERT OR REPLACE INTO checkpoint (task, json) VALUES (?, ?)');
  const one = connection.prepare('SELECT json FROM checkpoint WHERE task = ?');
  const drop = connection.prepare('DELETE FROM checkpoint WHERE task = ?');
  return {
    put: (task: TaskId, json: string): void => void write.run(task, json),
    list(tasks: readonly TaskId[]): { task: TaskId; json: string }[] {
      const found: { task: TaskId; json: string }[] = [];
      for (const task of tasks) {
        const cells = one.get(task);
        if (cells !== undefined) found.push({ task, json: cells[0] as string });
      }
      return found;
    },
    drop: (task: TaskId): void => void drop.run(task),
  };
}

type PutIdempotent = Extract<Write, { put: 'idempotent' }>;

export function idempotentTable(connection: Connection) {
  const write = connection.prepare('INSERT OR REPLACE INTO idempotent (owner, key, hash, job, at) VALUES (?, ?, ?, ?, ?)');
  const one = connection.prepare('SELECT hash, job FROM idempotent WHERE owner = ? AND key = ?');
  return {
    put: (row: PutIdempotent): void => void write.run(row.owner, row.key, row.hash, row.job, row.at),
    get({ owner, key }: Reads['idempotent'][0]): Reads['idempotent'][1] {
      const cells = one.get(owner, key);
      return cells === undefined ? null : { hash: cells[0] as string, job: cells[1] as number };
    },
  };
}

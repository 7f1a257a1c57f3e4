import type { Artifact, Attempt } from '../../../domain/attempt.ts';
import type { AttemptNumber, BodyId, JobId, TaskId, WorkerId } from '../../../domain/ids.ts';
import type { Edge, LogRow, LogStream } from '../../../domain/rows.ts';
import type { Task, TaskArray } from '../../../domain/task.ts';
import { fileCollection } from '../../../ports/records.ts';
import { arrayColumns, decodeArray } from '../codec/array.ts';
import { attemptColumns, decodeAttempt } from '../codec/attempt.ts';
import { listOf } from '../codec/json.ts';
import { decodeTask, taskColumns } from '../codec/task.ts';
import { edgeEnd } from '../codes.ts';
import type { Quiet } from '../commits.ts';
import type { Cells, Connection } from '../database.ts';
import { itemsSql, pick } from '../tables/item-table.ts';
import { decodeEdge, decodeLog, edgesIntoSql, edgesToSql, logSql } from '../tables/small-tables.ts';
import { shownTasks } from './shown-tasks.ts';
import { turn } from './slices.ts';
import { taskList } from './task-list.ts';
import { whileQuiet } from './while-quiet.ts';

/** Answers remembered: rows, and what may be up to 64 KiB each. */
const small = 5_000;
const large = 500;

export function taskQueries(connection: Connection, quiet: Quiet) {
  const shown = shownTasks(connection);
  const oneTask = whileQuiet(quiet, small, shown.one);
  const array = connection.prepare(`SELECT ${arrayColumns} FROM array WHERE id = ?`);
  const arraysOf = connection.prepare(`SELECT ${arrayColumns} FROM array WHERE job = ? ORDER BY id`);
  const items = connection.prepare(itemsSql);
  const attempts = connection.prepare(`SELECT ${attemptColumns} FROM attempt WHERE task = ? ORDER BY number`);
  const edges = connection.prepare(edgesToSql);
  const edgesInto = connection.prepare(edgesIntoSql);
  const body = connection.prepare('SELECT json FROM body WHERE id = ?');
  const log = connection.prepare(logSql);
  const held = connection.prepare(
    `SELECT ${taskColumns} FROM task INDEXED BY task_held WHERE worker = ? AND state BETWEEN 2 AND 5 ORDER BY id`,
  );
  const bodyOf = whileQuiet(quiet, large, (id: BodyId): string | null => (body.get(id)?.[0] ?? null) as string | null);
  const attemptsOf = whileQuiet(quiet, large, (task: TaskId) => attempts.all(task).map((cells) => decodeAttempt(cells)));
  const logOf = whileQuiet(quiet, large, (key: string): LogRow | null => {
    const [task = '', attempt = '', stream = ''] = key.split(' ');
    const cells = log.get(Number(task), Number(attempt), stream);
    return cells === undefined ? null : decodeLog(cells);
  });

  return {
    task: async (id: TaskId) => oneTask(id),
    tasks: taskList(connection),
    async array(id: TaskId): Promise<TaskArray | null> {
      const cells = array.get(id);
      return cells === undefined ? null : decodeArray(cells);
    },
    arraysOf: async (job: JobId): Promise<TaskArray[]> => arraysOf.all(job).map((cells) => decodeArray(cells)),
    item: async (of: TaskId, index: number): Promise<string | null> => pick(items.all(of, index, index + 1), index, 1)[0] ?? null,
    attempts: async (task: TaskId): Promise<Attempt[]> => [...attemptsOf(task)],
    artifacts: async (task: TaskId): Promise<readonly Artifact[]> =>
      attemptsOf(task).findLast(({ artifacts }) => artifacts.length > 0)?.artifacts ?? [],
    edgesTo: async ({ kind, id }: { kind: Edge['childKind']; id: TaskId }): Promise<Edge[]> =>
      edges.all(id, edgeEnd.code[kind]).map(decodeEdge),
    edgesInto: async ({ from, to, limit }: { from: TaskId; to: TaskId; limit: number }): Promise<Edge[]> =>
      edgesInto.all(from, to, limit).map(decodeEdge),
    body: async (id: BodyId): Promise<string | null> => bodyOf(id),
    async bodies(ids: readonly BodyId[]): Promise<ReadonlyMap<BodyId, string>> {
      const found = new Map<BodyId, string>();
      for (const id of new Set(ids)) {
        const json = bodyOf(id);
        if (json !== null) found.set(id, json);
      }
      return found;
    },
    log: async (task: TaskId, attempt: AttemptNumber, stream: LogStream): Promise<LogRow | null> =>
      logOf(`${task} ${attempt} ${stream}`),
    held: async (worker: WorkerId): Promise<Task[]> => held.all(worker).map((cells) => decodeTask(cells)),
    blobsInUse: blobsInUse(connection),
  };
}

/** Files that people keep, attempts with artifacts along their own index, bodies with inputs, checkpoints; all in slices. */
function blobsInUse(connection: Connection): () => Promise<ReadonlySet<string>> {
  const slice = 500;
  const next = connection.prepare(
    `SELECT task, number, artifacts FROM attempt INDEXED BY attempt_artifacts
     WHERE artifacts IS NOT NULL AND (task, number) > (?, ?) ORDER BY task, number LIMIT ${slice}`,
  );
  // A body is up to 64 KiB.
  const bodies = connection.prepare('SELECT id, json FROM body WHERE id > ? ORDER BY id LIMIT 100');
  // What the next attempt begins with may have been kept long ago, and be named nowhere else.
  const checkpoints = connection.prepare('SELECT task, json FROM checkpoint WHERE task > ? ORDER BY task LIMIT 100');
  const kept = connection.prepare('SELECT key, value FROM record WHERE collection = ? AND key > ? ORDER BY key LIMIT 500');
  return async () => {
    const blobs = new Set<string>();
    let key = '';
    for (let page: Cells[] = kept.all(fileCollection, key); page.length > 0; page = kept.all(fileCollection, key)) {
      for (const [name, json] of page) {
        key = name as string;
        blobs.add((JSON.parse(json as string) as { blob: string }).blob);
      }
      await turn();
    }
    let rows: Cells[] = next.all(0, 0);
    while (rows.length > 0) {
      for (const row of rows) for (const { blob } of listOf<Artifact>(row[2])) blobs.add(blob);
      const last = rows.at(-1);
      if (rows.length < slice || last === undefined) break;
      await turn();
      rows = next.all(last[0] as number, last[1] as number);
    }
    for (const texts of [bodies, checkpoints]) {
      let after = 0;
      for (let page: Cells[] = texts.all(after); page.length > 0; page = texts.all(after)) {
        for (const [id, json] of page) {
          after = id as number;
          for (const [, blob] of (json as string).matchAll(blobName)) if (blob !== undefined) blobs.add(blob);
        }
        await turn();
      }
    }
    return blobs;
  };
}

/** However a body or a checkpoint names it: a text of 64 hex digits that is no blob keeps nothing but itself. */
const blobName = /"([0-9a-f]{64})"/g;

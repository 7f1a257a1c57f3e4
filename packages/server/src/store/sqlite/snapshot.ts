import { open, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import type { AttemptNumber, Millis, TaskId } from '../../domain/ids.ts';
import type { LogStream } from '../../domain/rows.ts';
import { openReader } from './database.ts';
import { schemaVersion, versionOf } from './migrate.ts';
import { sqliteQueries } from './queries/queries.ts';

/** Pages copied between two looks at other work: 4 MiB. */
const pagesAtOnce = 1_024;

/**
 * One consistent copy of a database that a server may be writing to, flushed. The copy is that of the moment of the call: the
 * transaction that is held meanwhile keeps later commits out of it, and writers never wait for a reader. Only the write-ahead
 * log cannot shrink until it is done.
 */
export async function snapshotDatabase(file: string, to: string): Promise<void> {
  const source = openReader(file, 'full');
  try {
    // The first read of a transaction chooses its moment.
    source.db.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
    await backup(source.db, to, { rate: pagesAtOnce });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    // One file without others beside it.
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
  await flushFile(to);
}

async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface DatabaseFacts {
  readonly schema: number;
  /** Newest schema that this program knows. */
  readonly known: number;
  /** What SQLite finds wrong; empty: sound. */
  readonly faults: readonly string[];
  readonly newestChange: number;
  /** When it was made, ms; null: none is kept. */
  readonly newestAt: Millis | null;
}

/** `PRAGMA quick_check` and what is written on the lid. Reads the whole file. */
export function inspectDatabase(file: string): DatabaseFacts {
  const { db, close } = openReader(file, 'full');
  try {
    const schema = versionOf(db);
    const found = db
      .prepare('PRAGMA quick_check(20)')
      .all()
      .map((row) => String(Object.values(row)[0]));
    const newest = schema === 0 ? undefined : db.prepare('SELECT number, at FROM change ORDER BY number DESC LIMIT 1').get();
    return {
      schema,
      known: schemaVersion,
      faults: found.filter((line) => line !== 'ok'),
      newestChange: Number(newest?.number ?? 0),
      newestAt: newest === undefined ? null : Number(newest.at),
    };
  } finally {
    close();
  }
}

export interface LogNamed {
  readonly task: TaskId;
  readonly attempt: AttemptNumber;
  readonly stream: LogStream;
  /** When its attempt began, ms. */
  readonly since: Millis;
}

/** Which files the rows of a database refer to. */
export interface FilesNamed {
  readonly blobs: ReadonlySet<string>;
  readonly logs: Iterable<LogNamed>;
}

/** For a database that nobody writes to (a snapshot). */
export async function filesNamedIn<T>(file: string, use: (named: FilesNamed) => T): Promise<T> {
  const reader = openReader(file, 'full');
  try {
    const blobs = await sqliteQueries(reader, { since: 0 }).blobsInUse();
    const rows = reader.db
      .prepare(`SELECT l.task, l.attempt, l.stream, coalesce(a.started_at, 0) AS since
       FROM log l LEFT JOIN attempt a ON a.task = l.task AND a.number = l.attempt WHERE l.inline IS NULL AND l.length > 0`)
      .iterate();
    return use({ blobs, logs: rows as unknown as FilesNamed['logs'] });
  } finally {
    reader.close();
  }
}

export async function removeDatabase(file: string): Promise<void> {
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) await rm(name, { force: true });
}

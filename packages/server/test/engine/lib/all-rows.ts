import { DatabaseSync } from 'node:sqlite';
import type { Attempt } from '../../../src/domain/attempt.ts';
import type { Reservation } from '../../../src/domain/backfill.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { Block, Edge, Exclusion, Fault, InternedClass, Pool, Sweep, Tally } from '../../../src/domain/rows.ts';
import type { Share } from '../../../src/domain/share.ts';
import type { Task, TaskArray } from '../../../src/domain/task.ts';
import type { Worker } from '../../../src/domain/worker.ts';
import { arrayColumns, decodeArray } from '../../../src/store/sqlite/codec/array.ts';
import { attemptColumns, decodeAttempt } from '../../../src/store/sqlite/codec/attempt.ts';
import { countsOf } from '../../../src/store/sqlite/codec/counts.ts';
import { decodeJob, jobColumns } from '../../../src/store/sqlite/codec/job.ts';
import { decodeTask, taskColumns } from '../../../src/store/sqlite/codec/task.ts';
import { decodeWorker, workerColumns } from '../../../src/store/sqlite/codec/worker.ts';
import { edgeEnd, wordOf } from '../../../src/store/sqlite/codes.ts';
import type { Cells } from '../../../src/store/sqlite/database.ts';

/** Everything that is committed, deleted jobs included. */
export interface AllRows {
  readonly jobs: readonly Job[];
  readonly tasks: readonly Task[];
  readonly arrays: readonly TaskArray[];
  readonly attempts: readonly Attempt[];
  readonly workers: readonly Worker[];
  readonly pools: readonly Pool[];
  readonly tallies: readonly Tally[];
  readonly edges: readonly Edge[];
  readonly exclusions: readonly Exclusion[];
  readonly blocks: readonly Block[];
  readonly faults: readonly Fault[];
  readonly shares: readonly Share[];
  readonly reservations: readonly Reservation[];
  readonly rates: readonly { readonly key: string; readonly offered: number; readonly starts: readonly number[] }[];
  readonly classes: readonly InternedClass[];
  readonly sweeps: readonly Sweep[];
}

/** Looks into the database file beside the store: what a check recomputes must not come from the code that is checked. */
export function openRows(file: string): { read(): AllRows; close(): void } {
  const db = new DatabaseSync(file, { readOnly: true });
  const table = <T>(columns: readonly string[], from: string, decode: (cells: Cells) => T): (() => T[]) => {
    const statement = db.prepare(`SELECT ${columns} FROM ${from}`);
    statement.setReturnArrays(true);
    return () => (statement.all() as unknown as Cells[]).map((cells) => decode(cells));
  };
  const reads = {
    jobs: table(jobColumns, 'job', decodeJob),
    tasks: table(taskColumns, 'task', decodeTask),
    arrays: table(arrayColumns, 'array', decodeArray),
    attempts: table(attemptColumns, 'attempt ORDER BY task, number', decodeAttempt),
    workers: table(workerColumns, 'worker', decodeWorker),
    pools: table(['name', 'total', 'used'], 'pool', ([name, total, used]) => ({ name, total, used }) as Pool),
    tallies: table(['kind', 'counts', 'finished_runs', 'finished_seconds'], 'tally', (cells) => ({
      kind: cells[0] as string,
      counts: countsOf(cells[1] as string),
      finishedRuns: cells[2] as number,
      finishedSeconds: cells[3] as number,
    })),
    edges: table(['parent_kind', 'parent', 'child_kind', 'child', 'done', 'any_end'], 'edge', (cells) => ({
      parentKind: wordOf(edgeEnd, cells[0]),
      parent: cells[1] as number,
      childKind: wordOf(edgeEnd, cells[2]) as Edge['childKind'],
      child: cells[3] as number,
      done: cells[4] === 1,
      ...(cells[5] === 1 ? { any: true as const } : {}),
    })),
    exclusions: table(['task', 'worker', 'session', 'until', 'why'], 'exclusion', (cells) => {
      const [task, worker, session, until, why] = cells;
      return { task, worker, session, until, why } as Exclusion;
    }),
    blocks: table(['job', 'worker', 'kind', 'at', 'until'], 'block', ([job, worker, kind, at, until]) => {
      return { job, worker, kind, at, until } as Block;
    }),
    faults: table(['job', 'worker', 'kind', 'failures'], 'fault', ([job, worker, kind, failures]) => {
      return { job, worker, kind, failures } as Fault;
    }),
    reservations: table(['row'], 'reservation', ([row]) => JSON.parse(row as string) as Reservation),
    shares: table(['key', 'served', 'running', 'started'], 'share', ([key, served, running, started]) => {
      return { key, served, running, started } as Share;
    }),
    rates: table(['key', 'starts'], 'rate', ([key, starts]) => {
      const [, offered = 0, ...begun] = JSON.parse(starts as string) as number[];
      return { key: key as string, offered, starts: begun };
    }),
    classes: table(['id', 'spec'], 'class', ([id, spec]) => ({ id, spec: JSON.parse(spec as string) }) as InternedClass),
    sweeps: table(['key', 'work'], 'sweep', ([key, work]) => ({ key, work: JSON.parse(work as string) }) as Sweep),
  };
  return {
    read() {
      // One moment for all tables.
      db.exec('BEGIN');
      try {
        return Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, read()])) as unknown as AllRows;
      } finally {
        db.exec('COMMIT');
      }
    },
    close: () => db.close(),
  };
}

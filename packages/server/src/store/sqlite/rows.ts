import { BlockedJobs } from './blocked-jobs.ts';
import { Bodies } from './bodies.ts';
import { Classes } from './classes.ts';
import type { Connection } from './database.ts';
import { Heads } from './heads.ts';
import { LiveClasses } from './live-classes.ts';
import { ManyRows } from './many-rows.ts';
import { PoolNames } from './pool-names.ts';
import { PresentSessions } from './present-sessions.ts';
import { RowCache } from './row-cache.ts';
import { Sequences } from './sequences.ts';
import { arrayTable } from './tables/array-table.ts';
import { attemptTable } from './tables/attempt-table.ts';
import { poolTable, tallyTable } from './tables/count-tables.ts';
import { itemTable } from './tables/item-table.ts';
import { jobTable } from './tables/job-table.ts';
import { rateTable, reservationTable, shareTable } from './tables/share-tables.ts';
import {
  blockTable,
  checkpointTable,
  edgeTable,
  exclusionTable,
  faultTable,
  idempotentTable,
  logTable,
  sweepTable,
} from './tables/small-tables.ts';
import { taskTable } from './tables/task-table.ts';
import { workerTable } from './tables/worker-table.ts';

/** Rows remembered between batches, by table: as many as are hot, at a few hundred bytes each. */
const keep = { jobs: 20_000, tasks: 20_000, arrays: 5_000, attempts: 10_000, workers: 10_000, pools: 5_000, tallies: 5_000 };

const changeColumns = ['number', 'at', 'kind', 'job', 'task', 'worker', 'owner', 'json'] as const;
const auditColumns = ['id', 'at', 'by', 'name', 'command', 'subject', 'refusal'] as const;

export type Rows = ReturnType<typeof openRows>;

/** Everything that commands read and write, over the one writing connection. */
export function openRows(connection: Connection, window: number) {
  const sequences = new Sequences(connection);
  const classes = new Classes(connection, sequences);
  const bodies = new Bodies(connection);
  const jobs = new RowCache(jobTable(connection), keep.jobs);
  const tasks = new RowCache(taskTable(connection), keep.tasks);
  const arrays = new RowCache(arrayTable(connection), keep.arrays);
  const attempts = new RowCache(attemptTable(connection), keep.attempts);
  const workers = new RowCache(workerTable(connection), keep.workers);
  const pools = new RowCache(poolTable(connection), keep.pools);
  const tallies = new RowCache(tallyTable(connection), keep.tallies);
  const shares = new RowCache(shareTable(connection), keep.pools);
  const rates = new RowCache(rateTable(connection), keep.pools);
  const reservations = reservationTable(connection);
  const changes = new ManyRows(connection, 'change', changeColumns);
  const audit = new ManyRows(connection, 'audit', auditColumns);
  const live = new LiveClasses(connection, classes);
  const blocked = new BlockedJobs(connection);
  const heads = new Heads(connection, { tasks, arrays, live, blocked }, window);
  const sessions = new PresentSessions(workers);
  const poolNames = new PoolNames(connection);
  // Classes before the sequences: writing them takes no number, but whatever does must come before.
  const written = [
    jobs,
    tasks,
    arrays,
    attempts,
    workers,
    pools,
    tallies,
    shares,
    rates,
    bodies,
    classes,
    changes,
    audit,
    sequences,
  ];
  const caches = [jobs, tasks, arrays, attempts, workers, pools, tallies, shares, rates, classes];
  return {
    connection,
    sequences,
    classes,
    bodies,
    jobs,
    tasks,
    arrays,
    attempts,
    workers,
    pools,
    tallies,
    shares,
    rates,
    reservations,
    changes,
    audit,
    live,
    blocked,
    heads,
    sessions,
    poolNames,
    edges: edgeTable(connection),
    exclusions: exclusionTable(connection),
    blocks: blockTable(connection),
    faults: faultTable(connection),
    sweeps: sweepTable(connection),
    logs: logTable(connection),
    checkpoints: checkpointTable(connection),
    idempotent: idempotentTable(connection),
    items: itemTable(connection),
    /** Writes what is in memory only. */
    flush(): void {
      for (const part of written) part.flush();
    },
    settle(): void {
      for (const cache of caches) cache.settle();
    },
    /** After a rollback. */
    forget(): void {
      for (const part of written) part.forget();
      heads.forget();
      sessions.forget();
      poolNames.forget();
      reservations.forget();
    },
  };
}

import { clockKey } from '../../domain/share.ts';
import type { ReadName, ReadRequest, ReadSet, Reads, ResultsOf } from '../../ports/store.ts';
import { keysOf } from './live-classes.ts';
import type { Rows } from './rows.ts';
import { searches } from './searches.ts';
import { attemptKey } from './tables/attempt-table.ts';

type ReadTable = { readonly [N in ReadName]: (of: Reads[N][0]) => Reads[N][1] };

/** Every read that a procedure may ask for. By id from memory where it is; searches flush what they look through. */
export function readTable(rows: Rows): ReadTable {
  const search = searches(rows);

  /** Owners and rates that these classes name; null: hardly any class names one, and none of these. */
  function boundKeys(of: readonly number[] | 'live'): ReturnType<typeof keysOf> | null {
    const classes = of === 'live' ? rows.live.list() : rows.classes.list(sorted(of));
    if (!rows.classes.bound) return null;
    return of === 'live' ? rows.live.keys() : keysOf(classes);
  }

  return {
    job: (id) => rows.jobs.get(id),
    jobs: (ids) => rows.jobs.list(sorted(ids)),
    task: (id) => rows.tasks.get(id),
    tasks: (ids) => rows.tasks.list(sorted(ids)),
    arrayAt: search.arrayAt,
    arrays: (ids) => rows.arrays.list(sorted(ids)),
    attempt: ({ task, number }) => rows.attempts.get(attemptKey(task, number)),
    worker: (id) => rows.workers.get(id),
    workers: (ids) => rows.workers.list(sorted(ids)),
    workerByKey: search.workerByKey,
    workerBySession: search.workerBySession,
    allWorkers: search.allWorkers,
    troubledJobs: search.troubledJobs,
    heldBy: search.heldBy,
    classOf: (specs) => specs.map((spec) => rows.classes.of(spec)),
    classes: (ids) => rows.classes.list(sorted(ids)),
    classesOfJob: (job) => rows.classes.list(search.classIdsOf(job)),
    liveClasses: () => rows.live.list(),
    heads: (asked) => rows.heads.find(asked),
    pools: (names) => rows.pools.list(names),
    allPools: () => rows.pools.list(rows.poolNames.list()),
    shares({ classes }) {
      const keys = boundKeys(classes)?.fair ?? [];
      return keys.length === 0 ? [] : rows.shares.list([clockKey, ...keys]);
    },
    rates: ({ classes }) => rows.rates.list(boundKeys(classes)?.rate ?? []),
    reservations: () => rows.reservations.list().map((row) => ({ row, worker: rows.workers.get(row.worker) })),
    begunSince: search.begunSince,
    tallies: (kinds) => rows.tallies.list(kinds),
    bodies: (ids) => rows.bodies.list(sorted(ids)),
    checkpoints: (tasks) => rows.checkpoints.list(sorted(tasks)),
    items: ({ array, from, n }) => rows.items.get(array, from, n),
    exclusions: ({ task }) => rows.exclusions.ofTask(task),
    exclusionsOf: ({ worker }) => rows.exclusions.ofWorker(worker),
    blocks: (of) => rows.blocks.of(of),
    faults: ({ job }) => rows.faults.ofJob(job),
    childrenOf: (of) => rows.edges.from(of),
    parentsOf: (of) => rows.edges.to(of),
    childRows(of) {
      rows.flush();
      return rows.edges.from(of).map((edge) => ({
        edge,
        task: edge.childKind === 'task' ? rows.tasks.get(edge.child) : null,
        array: edge.childKind === 'array' ? rows.arrays.get(edge.child) : null,
        lostParents: rows.edges.lostParents(edge.childKind, edge.child),
      }));
    },
    tasksOf: search.tasksOf,
    arraysOf: search.arraysOf,
    due: search.due,
    sweep: ({ limit }) => rows.sweeps.first(limit),
    log: (of) => rows.logs.get(of),
    idempotent: (of) => rows.idempotent.get(of),
    endedJobs: search.endedJobs,
    fresh: ({ of, n }) => rows.sequences.take(of, n),
  };
}

/** Ascending and each once, as the port promises; most lists have one member. */
function sorted(ids: readonly number[]): readonly number[] {
  return ids.length < 2 ? ids : [...new Set(ids)].sort((a, b) => a - b);
}

/** Answers a whole read set under the names it was asked by. */
export function readSet(table: ReadTable, set: ReadSet): ResultsOf<ReadSet> {
  const results: Record<string, unknown> = {};
  for (const name in set) {
    const request = set[name];
    if (request !== undefined) results[name] = readOne(table, request);
  }
  return results as ResultsOf<ReadSet>;
}

function readOne(table: ReadTable, request: ReadRequest): unknown {
  // Name and argument belong together by the type of the request; the compiler cannot follow that through the table.
  const read = table[request.read] as (of: ReadRequest['of']) => unknown;
  if (read === undefined) throw new Error(`there is no read called ${String(request.read)}`);
  return read(request.of);
}

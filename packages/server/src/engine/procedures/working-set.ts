import type { Attempt } from '../../domain/attempt.ts';
import type { ChangeKind, NewChange } from '../../domain/change.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { ClassId, JobId, Millis, TaskId, WorkerId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Rate } from '../../domain/rate.ts';
import { type InternedClass, limitPrefix, type Pool, type SweepWork, type Tally } from '../../domain/rows.ts';
import type { Share } from '../../domain/share.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Worker } from '../../domain/worker.ts';
import type { Done, ProcedureContext, Write } from '../../ports/store.ts';
import type { Tell, Told } from '../commands.ts';
import { sweepKey } from './sweep-key.ts';
import { WorkingTable } from './working-table.ts';

/** What every procedure answers: the answer itself and what workers must be told once it is committed. */
export interface Spoken<A> {
  readonly answer: A;
  readonly told: readonly Told[];
  /** Committed, yet answered as a refusal. */
  readonly refusal?: Refusal;
}

type Some<T> = readonly (T | null | undefined)[];

const noRows: ReadonlyMap<string, never> = new Map<string, never>();

const attemptKey = (task: TaskId, number: number): string => `${task}.${number}`;

/**
 * What one procedure has in hand: the rows that it read, and every write, change, wake-up and word to a worker that it leaves
 * behind. Knows no rules: those are `Draft`'s, which moves the rows by the domain's machines.
 */
export class WorkingSet {
  readonly #context: ProcedureContext;
  protected readonly jobs = new WorkingTable<JobId, Job>('job');
  protected readonly tasks = new WorkingTable<TaskId, Task>('task');
  protected readonly arrays = new WorkingTable<TaskId, TaskArray>('array');
  protected readonly workers = new WorkingTable<WorkerId, Worker>('worker');
  protected readonly attempts = new WorkingTable<string, Attempt>('attempt');
  protected readonly tallies = new WorkingTable<string, Tally>('tally');
  readonly #pools = new Map<string, Pool>();
  readonly #poolsChanged = new Set<string>();
  /** Hardly any command has one of these: made when there is something to put in. */
  #shares: Map<string, Share> | null = null;
  #rates: Map<string, Rate> | null = null;
  readonly #classes = new Map<ClassId, InternedClass>();
  readonly #writes: Write[] = [];
  readonly #changes: NewChange[] = [];
  readonly #told: Told[] = [];
  readonly #wakeClasses = new Set<ClassId>();
  readonly #wakeWorkers = new Set<WorkerId>();
  readonly #due: Millis[] = [];
  readonly #purges: JobId[] = [];
  #sweeps = false;

  constructor(context: ProcedureContext) {
    this.#context = context;
  }

  get now(): Millis {
    return this.#context.now;
  }

  // --- rows that were read ---------------------------------------------------------------------------------------

  load(rows: {
    jobs?: Some<Job>;
    tasks?: Some<Task>;
    arrays?: Some<TaskArray>;
    workers?: Some<Worker>;
    attempts?: Some<Attempt>;
    tallies?: readonly Tally[] | undefined;
    pools?: readonly Pool[] | undefined;
    classes?: readonly InternedClass[] | undefined;
    shares?: readonly Share[] | undefined;
    rates?: readonly Rate[] | undefined;
  }): this {
    for (const row of rows.jobs ?? []) if (row) this.jobs.load(row.id, row);
    for (const row of rows.tasks ?? []) if (row) this.tasks.load(row.id, row);
    for (const row of rows.arrays ?? []) if (row) this.arrays.load(row.id, row);
    for (const row of rows.workers ?? []) if (row) this.workers.load(row.id, row);
    for (const row of rows.attempts ?? []) if (row) this.attempts.load(attemptKey(row.task, row.number), row);
    for (const row of rows.tallies ?? []) this.tallies.load(row.kind, row);
    for (const row of rows.pools ?? []) if (!this.#pools.has(row.name)) this.#pools.set(row.name, row);
    for (const row of rows.shares ?? []) if (!this.shares.has(row.key)) this.#mutableShares().set(row.key, row);
    for (const row of rows.rates ?? []) if (!this.rates.has(row.key)) this.#mutableRates().set(row.key, row);
    for (const row of rows.classes ?? []) this.#classes.set(row.id, row);
    return this;
  }

  job(id: JobId): Job {
    return this.jobs.get(id);
  }
  maybeJob(id: JobId): Job | null {
    return this.jobs.maybe(id);
  }
  task(id: TaskId): Task {
    return this.tasks.get(id);
  }
  array(id: TaskId): TaskArray {
    return this.arrays.get(id);
  }
  worker(id: WorkerId): Worker {
    return this.workers.get(id);
  }
  maybeWorker(id: WorkerId): Worker | null {
    return this.workers.maybe(id);
  }
  attempt(task: TaskId, number: number): Attempt | null {
    return this.attempts.maybe(attemptKey(task, number));
  }
  class(id: ClassId): InternedClass {
    const found = this.#classes.get(id);
    if (found === undefined) throw new Error(`procedure used class ${id} without reading it`);
    return found;
  }
  get pools(): ReadonlyMap<string, Pool> {
    return this.#pools;
  }
  get shares(): ReadonlyMap<string, Share> {
    return this.#shares ?? noRows;
  }
  get rates(): ReadonlyMap<string, Rate> {
    return this.#rates ?? noRows;
  }
  #mutableShares(): Map<string, Share> {
    this.#shares ??= new Map();
    return this.#shares;
  }
  #mutableRates(): Map<string, Rate> {
    this.#rates ??= new Map();
    return this.#rates;
  }

  // --- writes -----------------------------------------------------------------------------------------------------

  putJob(row: Job, fresh = false): void {
    this.jobs.put(row.id, row, fresh);
  }
  putTask(row: Task, fresh = false): void {
    this.tasks.put(row.id, row, fresh);
  }
  putArray(row: TaskArray, fresh = false): void {
    this.arrays.put(row.id, row, fresh);
  }
  putWorker(row: Worker, fresh = false): void {
    this.workers.put(row.id, row, fresh);
  }
  putAttempt(row: Attempt, fresh = false): void {
    this.attempts.put(attemptKey(row.task, row.number), row, fresh);
  }
  putTally(row: Tally): void {
    this.tallies.put(row.kind, row, false);
  }
  putPool(row: Pool): void {
    this.#pools.set(row.name, row);
    this.#poolsChanged.add(row.name);
  }
  putShare(row: Share): void {
    this.#mutableShares().set(row.key, row);
    this.#replace({ put: 'share', row });
  }
  putRate(row: Rate): void {
    this.#mutableRates().set(row.key, row);
    this.#replace({ put: 'rate', row });
  }
  /** Several of one procedure: the last one counts. */
  #replace(write: Extract<Write, { put: 'share' | 'rate' }>): void {
    const at = this.#writes.findIndex((one) => 'put' in one && one.put === write.put && one.row.key === write.row.key);
    if (at >= 0) this.#writes.splice(at, 1);
    this.#writes.push(write);
  }
  dropWorker(id: WorkerId): void {
    this.workers.delete(id);
    this.write({ drop: 'worker', id });
    this.write({ drop: 'exclusions', worker: id });
  }
  /** Tried again, a task may go to anybody; an offer that was withdrawn still waits for its answer. */
  forgiveTask(task: TaskId): void {
    for (const why of ['rejected', 'deferred', 'failed'] as const) this.write({ drop: 'exclusions', task, why });
  }
  write(...writes: Write[]): void {
    this.#writes.push(...writes);
  }

  // --- what it leaves behind --------------------------------------------------------------------------------------

  change(kind: ChangeKind, of: { job?: Job; task?: TaskId; worker?: WorkerId }, data: Readonly<Record<string, unknown>>): void {
    const { job, task = null, worker = null } = of;
    this.#changes.push({ kind, job: job?.id ?? null, task, worker, owner: job?.owner ?? null, data });
  }

  tell(worker: WorkerId, session: number, what: Tell): void {
    this.#told.push({ worker, session, what });
  }
  wakeClass(id: ClassId): void {
    this.#wakeClasses.add(id);
  }
  wakeWorker(id: WorkerId): void {
    this.#wakeWorkers.add(id);
  }
  dueAt(moment: Millis): void {
    this.#due.push(moment);
  }
  sweep(work: SweepWork): void {
    this.#sweeps = true;
    this.write({ put: 'sweep', row: { key: sweepKey(work), work } });
  }
  /** The rows of this job go, after everything else that was left to sweeps: its children must hear of its end first. */
  purge(job: JobId): void {
    this.#purges.push(job);
  }
  sweepsRemain(): void {
    this.#sweeps = true;
  }
  get sweeping(): boolean {
    return this.#sweeps;
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** The answer to an offer that stands no more: a refusal, but what was written is kept. */
  refused<A>(refusal: Refusal): Done<Spoken<A>> {
    const done = this.done(null as A);
    return { ...done, answer: { ...done.answer, refusal } };
  }

  done<A>(answer: A): Done<Spoken<A>> {
    for (const job of this.#purges.splice(0)) this.sweep({ kind: 'purge', job });
    return {
      answer: { answer, told: this.#told },
      writes: this.#allWrites(),
      changes: this.#changes,
      wake: {
        classes: [...this.#wakeClasses],
        workers: [...this.#wakeWorkers],
        due: this.#due,
        sweeps: this.#sweeps,
      },
    };
  }

  #allWrites(): Write[] {
    const writes: Write[] = [];
    for (const { row, dirty, fresh } of this.jobs.all()) if (dirty) writes.push({ put: 'job', row, fresh });
    for (const { row, dirty, fresh } of this.arrays.all()) if (dirty) writes.push({ put: 'array', row, fresh });
    for (const { row, dirty, fresh } of this.tasks.all()) if (dirty) writes.push({ put: 'task', row, fresh });
    for (const { row, dirty, fresh } of this.attempts.all()) if (dirty) writes.push({ put: 'attempt', row, fresh });
    for (const { row, dirty, fresh } of this.workers.all()) if (dirty) writes.push({ put: 'worker', row, fresh });
    for (const { row, dirty } of this.tallies.all()) if (dirty) writes.push({ put: 'tally', row });
    for (const name of this.#poolsChanged) {
      const row = this.#pools.get(name);
      // What counts a limit goes with the last that it counts.
      if (row !== undefined && row.used === 0 && name.startsWith(limitPrefix)) writes.push({ drop: 'pool', name });
      else if (row !== undefined) writes.push({ put: 'pool', row });
    }
    writes.push(...this.#writes);
    return writes;
  }
}
